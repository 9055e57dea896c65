"""The registry in force while its file is edited, and what `manage.py check` says of it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core import checks
from django.core.checks.registry import registry
from pytest_django import Settings

from llm.checks import check_models
from llm.errors import RegistryUnusable
from llm.messages import ModelRequest
from llm.registry import VENDOR_VARIABLES
from llm.registry_loader import RegistryLoader, get_registry_loader
from tests.fakes.steps import Answer
from tests.llm.test_registry import FILE
from tests.llm.world import World

BROKEN = FILE.replace("input: 0.75", "input: cheap")
WHERE = "models.yaml line 17: models.gemini.prices.input: Input should be a valid decimal"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "models.yaml"
    path.write_text(FILE)
    return path


def written(caplog: pytest.LogCaptureFixture) -> Iterator[dict[str, Any]]:
    """Yield the events that the loading has logged."""
    for record in caplog.records:
        if record.name == "llm.registry_loader":
            assert isinstance(record.msg, dict)
            yield record.msg


def price(watched: RegistryLoader) -> str:
    return str(watched.get_registry().models["gemini"].prices.input)


def test_a_file_that_stays_the_same_is_read_once(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    watched = RegistryLoader(path)

    registries = [watched.get_registry() for _ in range(5)]

    assert all(registry is registries[0] for registry in registries)
    assert list(written(caplog)) == []


def test_an_edit_is_in_force_at_once(path: Path) -> None:
    watched = RegistryLoader(path)
    before = watched.get_registry()

    path.write_text(FILE.replace("input: 0.75", "input: 0.70"))

    assert price(watched) == "0.7"
    assert str(before.models["gemini"].prices.input) == "0.75"
    assert watched.get_fault() == ""


def test_a_file_put_in_its_place_is_in_force_at_once(path: Path) -> None:
    watched = RegistryLoader(path)
    watched.get_registry()
    other = path.with_suffix(".new")
    other.write_text(FILE.replace("input: 0.75", "input: 0.74"))
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))

    other.replace(path)

    assert price(watched) == "0.74"


def test_an_edit_is_picked_up_by_the_next_call(world: World) -> None:
    world.google.script(Answer("From google."))
    world.anthropic.script(Answer("From anthropic."))
    first = world.router.complete("ask", ModelRequest(prompt="Who?"))

    world.file["chains"]["ask"]["default"] = ["claude"]
    world.write()
    second = world.router.complete("ask", ModelRequest(prompt="Who?"))

    assert (first.text, second.text) == ("From google.", "From anthropic.")


def test_a_broken_edit_does_not_stop_the_next_call(world: World) -> None:
    world.google.always(Answer("From google."))
    world.router.complete("ask", ModelRequest(prompt="Who?"))

    world.path.write_text("models: [")
    answer = world.router.complete("ask", ModelRequest(prompt="Who?"))

    assert answer.text == "From google."
    assert "models.yaml line 1: not YAML" in get_registry_loader().get_fault()


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (BROKEN.encode(), WHERE),
        (b"", "models.yaml line 1: Input should be a valid dictionary"),
        (b"providers: {\x07}", "models.yaml line 1: not YAML"),
        (b"providers: &a {b: *a}", "models.yaml line 1: nested too deeply"),
        (b"providers: !x y", "models.yaml line 1: not YAML"),
        (b"\xff\xfe", "models.yaml line 1: the file is not UTF-8"),
    ],
)
def test_a_broken_edit_leaves_the_last_good_one_in_force_and_says_so_once(
    path: Path, caplog: pytest.LogCaptureFixture, content: bytes, fault: str
) -> None:
    watched = RegistryLoader(path)
    good = watched.get_registry()
    path.write_bytes(content)

    registries = [watched.get_registry() for _ in range(3)]

    assert all(registry is good for registry in registries)
    assert watched.get_fault().startswith(fault)
    (said,) = (each for each in written(caplog) if each["level"] == "error")
    assert said["event"] == "registry of models refused"
    assert said["fault"] == watched.get_fault()
    assert said["in_force"] == good.digest


def test_mending_the_file_clears_the_fault(path: Path) -> None:
    watched = RegistryLoader(path)
    watched.get_registry()
    path.write_text(BROKEN)
    assert watched.get_fault() == WHERE

    path.write_text(FILE.replace("input: 0.75", "input: 0.8"))

    assert watched.get_fault() == ""
    assert price(watched) == "0.8"


def test_every_broken_edit_is_told(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    watched = RegistryLoader(path)
    for text in (FILE, BROKEN, BROKEN.replace("cheap", "cheaper"), FILE, BROKEN):
        path.write_text(text)
        watched.get_registry()

    assert [each["level"] for each in written(caplog)].count("error") == 3


def test_a_file_that_never_was_good_cannot_be_used(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.write_text(BROKEN)
    watched = RegistryLoader(path)

    for _ in range(2):
        with pytest.raises(RegistryUnusable, match=WHERE) as failed:
            watched.get_registry()

    assert failed.value.status == 503
    assert "manage.py check" in failed.value.next_step
    (said,) = written(caplog)
    assert said["in_force"] is None
    path.write_text(FILE)
    assert price(watched) == "0.75"


def test_a_file_that_is_not_there_cannot_be_used_until_it_is(tmp_path: Path) -> None:
    watched = RegistryLoader(tmp_path / "models.yaml")

    with pytest.raises(RegistryUnusable, match=r"models\.yaml cannot be read: No such file"):
        watched.get_registry()
    (tmp_path / "models.yaml").write_text(FILE)

    assert price(watched) == "0.75"


def test_a_file_may_go_and_come_back(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    watched = RegistryLoader(path)
    good = watched.get_registry()

    path.unlink()
    without = [watched.get_registry() for _ in range(3)]
    fault = watched.get_fault()
    path.write_text(FILE)

    assert all(registry is good for registry in without)
    assert fault == "models.yaml cannot be read: No such file or directory"
    assert watched.get_fault() == ""
    assert watched.get_registry().digest == good.digest
    assert [each["level"] for each in written(caplog)].count("error") == 1


def test_a_folder_in_its_place_is_a_fault(path: Path) -> None:
    watched = RegistryLoader(path)
    good = watched.get_registry()
    path.unlink()
    path.mkdir()

    assert watched.get_registry() is good
    assert watched.get_fault() == "models.yaml cannot be read: Is a directory"


def test_many_threads_see_whole_registries_only(path: Path) -> None:
    watched = RegistryLoader(path)
    texts = [FILE.replace("input: 0.75", f"input: {price}").replace("input: 2,", f"input: {price},") for price in "12"]
    path.write_text(texts[0])
    is_over = threading.Event()

    def look() -> set[tuple[str, str]]:
        seen = set()
        while not is_over.is_set():
            models = watched.get_registry().models
            seen.add((str(models["gemini"].prices.input), str(models["gpt"].prices.input)))
        return seen

    with ThreadPoolExecutor(4) as threads:
        looking = [threads.submit(look) for _ in range(4)]
        for number in range(10):
            path.with_suffix(".new").write_text(texts[number % 2])
            path.with_suffix(".new").replace(path)
            watched.get_registry()
        is_over.set()

    assert set().union(*(each.result() for each in looking)) <= {("1", "1"), ("2", "2")}
    assert price(watched) == "2"


# manage.py check


@pytest.fixture
def checked(path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file that `manage.py check` looks at, in an environment without keys."""
    settings.MODELS_FILE = path
    for name in (*VENDOR_VARIABLES, "OPENAI_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    return path


def found() -> list[tuple[str | None, str]]:
    return [(message.id, message.msg) for message in check_models()]


@pytest.mark.usefixtures("checked")
def test_a_good_file_needs_no_keys() -> None:
    assert found() == []


def test_it_reports_every_fault_with_file_line_and_key(checked: Path) -> None:
    checked.write_text(BROKEN.replace("kind: google", "kind: goggle").replace("answer_seconds", "answer_secs"))

    said = found()

    assert [identity for identity, _ in said] == ["llm.E001"] * 3
    assert said[0][1] == "models.yaml line 2: providers.google.kind: Input should be 'openai', 'anthropic' or 'google'"
    assert said[1][1] == "models.yaml line 6: providers.openai.answer_secs: unknown key"
    assert said[2][1].startswith(WHERE)


def test_it_reports_a_file_that_is_not_there(checked: Path) -> None:
    checked.unlink()

    assert found() == [("llm.E002", f"{checked} cannot be read: No such file or directory")]


@pytest.mark.usefixtures("checked")
def test_it_warns_of_variables_that_have_no_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", "true")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "")

    said = check_models()

    assert [(message.id, message.level) for message in said] == [("llm.W001", checks.WARNING)] * 2
    assert said[0].msg.startswith("OPENAI_ORG_ID is set, but has no effect")
    assert said[1].msg.startswith("GOOGLE_GENAI_USE_VERTEXAI is set, but has no effect")
    assert "org-1" not in str(said)
    assert said[0].hint


@pytest.mark.usefixtures("checked")
@pytest.mark.parametrize("key", ["sk-1\nsk-2", "sk-1 sk-2", "sk-é1", "sk-\x01"])
def test_it_reports_a_key_that_cannot_be_sent(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", key)

    ((identity, said),) = found()

    assert identity == "llm.E003"
    assert said.startswith("OPENAI_API_KEY holds")
    assert "sk-" not in said


@pytest.mark.usefixtures("checked")
def test_a_key_with_a_trailing_newline_is_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1\n")

    assert found() == []


def test_it_reports_an_address_that_is_none(checked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checked.write_text(FILE.replace("base_url: http://127.0.0.1:11434/v1/", "address: TEST_ADDRESS"))
    monkeypatch.setenv("TEST_ADDRESS", "127.0.0.1:11434")

    ((identity, said),) = found()

    assert identity == "llm.E004"
    assert said == "TEST_ADDRESS cannot be used: a base URL starts with https:// or http:// and names a host"


def test_faults_of_the_file_and_of_the_environment_come_together(
    checked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = yaml.safe_load(FILE)
    file["chains"]["ask"]["quality"] = ["gtp"]
    checked.write_text(yaml.safe_dump(file))
    monkeypatch.setenv("OPENAI_LOG", "debug")

    assert [identity for identity, _ in found()] == ["llm.W001", "llm.E001"]


@pytest.mark.usefixtures("checked")
def test_the_check_is_one_of_djangos() -> None:
    assert check_models in registry.get_checks()
