"""Settings: strict about what they read, complete in what is documented."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from llm.registry import read_registry
from project import env
from tenants.scopes import read_scopes

BASE = Path(settings.BASE_DIR)
PRODUCTION = {
    "DEBUG": "0",
    "SECRET_KEY": "x" * 60,
    "ALLOWED_HOSTS": "example.org",
    "DATABASE_URL": "postgresql://user:pass@db/name",
}


def starts_with(**variables: str) -> tuple[bool, str]:
    """Tell whether the settings load with only these variables, and what they say if not."""
    environment = {"PATH": os.environ["PATH"], **variables}
    done = subprocess.run(
        [sys.executable, "-c", "import project.settings"], cwd=BASE, env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    return done.returncode == 0, done.stderr


def test_it_starts_without_any_setting() -> None:
    assert starts_with()[0]


def test_it_starts_in_production_with_what_production_needs() -> None:
    assert starts_with(**PRODUCTION)[0]


@pytest.mark.parametrize("missing", ["SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL"])
def test_it_refuses_production_without_and_says_what_to_set(missing: str) -> None:
    works, said = starts_with(**{name: value for name, value in PRODUCTION.items() if name != missing})

    assert not works
    assert f"DEBUG=0 needs {missing}" in said


def test_it_refuses_a_short_secret_in_production() -> None:
    works, said = starts_with(**PRODUCTION | {"SECRET_KEY": "abc"})

    assert not works
    assert "SECRET_KEY with at least 50 characters; 3 are set" in said


def test_a_command_says_what_is_wrong_with_the_settings_in_one_sentence() -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=BASE, env={"PATH": os.environ["PATH"], "DEBUG": "0"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 1
    assert done.stderr.startswith("The settings cannot be used: DEBUG=0 needs SECRET_KEY")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("UPLOAD_MIN_RATE", "0"),
        ("DEBUG", "maybe"),
        ("WORKER_PROCESSES", "two"),
        ("WORKER_PROCESSES", "--2"),
        ("WORKER_PROCESSES", "0"),
        ("UPLOAD_MAX_BYTES", "big"),
        ("WHISPER_DEVICE", "gpu"),
        ("WHISPER_BATCH_SIZE", "0"),
        ("DATABASE_URL", "mysql://x/y"),
        ("DATABASE_URL", "postgresql://user:pass/word@db/name"),
        ("DATABASE_URL", "postgresql://db"),
    ],
)
def test_it_refuses_a_value_that_it_does_not_understand(name: str, value: str) -> None:
    works, said = starts_with(**{name: value})

    assert not works
    assert f"ImproperlyConfigured: {name}" in said


def test_a_secret_may_come_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("from a file\n")
    monkeypatch.setenv("SOME_SECRET_FILE", str(tmp_path / "secret"))

    assert env.get_secret("SOME_SECRET") == "from a file"

    monkeypatch.setenv("SOME_SECRET_FILE", str(tmp_path / "nothing"))
    with pytest.raises(ImproperlyConfigured, match="SOME_SECRET_FILE"):
        env.get_secret("SOME_SECRET")


@pytest.mark.parametrize(
    ("url", "host", "port", "name"),
    [
        ("postgresql://u:p%40ss@db.example:5433/course", "db.example", "5433", "course"),
        ("postgres://u@/course?host=/run/postgresql", "/run/postgresql", "", "course"),
    ],
)
def test_it_reads_a_database_url(url: str, host: str, port: str, name: str) -> None:
    found = env.parse_database_url(url)

    assert (found["HOST"], found["PORT"], found["NAME"]) == (host, port, name)


@pytest.mark.parametrize("broken", ["scopes: {}", "scopes:\n  prep: {colour: red}", "nothing: here"])
def test_a_broken_scope_file_is_refused(tmp_path: Path, broken: str) -> None:
    path = tmp_path / "scopes.yaml"
    path.write_text(broken)

    with pytest.raises(ValueError, match="scopes"):
        read_scopes(path)


def variables() -> set[str]:
    source = (BASE / "project" / "settings.py").read_text()
    providers = read_registry(BASE / "config" / "models.yaml").providers.values()
    of_providers = {name for provider in providers for name in (provider.key, provider.address) if name}
    return set(re.findall(r'env\.\w+\((?:str\()?\s*"([A-Z0-9_]+)"', source)) | of_providers


def test_every_setting_is_documented_and_none_is_stale() -> None:
    example = (BASE / ".env.example").read_text()
    page = (BASE / "docs" / "operations" / "settings.md").read_text()

    in_example = set(re.findall(r"^#? ?([A-Z0-9_]+)=", example, re.MULTILINE))
    in_page = set(re.findall(r"^\| `([A-Z0-9_]+)`", page, re.MULTILINE))

    assert in_example == variables()
    assert in_page == variables()


def test_a_blank_line_of_the_example_does_not_undo_what_the_image_sets() -> None:
    lines = re.findall(r"^ENV (.+)$", final_stage(), re.MULTILINE)
    fixed = set(re.findall(r"\b([A-Z_]+)=", " ".join(lines))) & variables()
    services = yaml.safe_load((BASE / "compose.yaml").read_text())["services"]
    ours = [service for service in services.values() if service.get("env_file")]

    assert fixed
    assert len(ours) == 6
    for service in ours:
        assert fixed <= set(service["environment"])


def final_stage() -> str:
    return (BASE / "Dockerfile").read_text().rpartition("\nFROM ")[2]


def test_a_web_process_loads_no_vendors_sdk_and_no_word_lists() -> None:
    script = """
import sys
import project.wsgi
from django.urls import get_resolver
get_resolver().url_patterns
heavy = {"openai", "anthropic", "google.genai", "httpx2", "boto3", "wordfreq", "docx", "jsonschema"}
loaded = (heavy | {"structures.engines.outline.engine", "structures.engines.outline.languages"}) & set(sys.modules)
assert not loaded, loaded
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=BASE, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
