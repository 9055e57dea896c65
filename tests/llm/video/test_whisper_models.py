"""Models that are not there, not whole or not what they should be, and what is known of them without loading."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Generator
from dataclasses import asdict, replace
from pathlib import Path

import ctranslate2  # type: ignore[import-untyped]
import pytest

from llm.video.errors import TranscriberMissing
from llm.video.ports import TranscriptionOptions
from llm.video.transcript import Window
from llm.video.whisper import CHILD, EndEvent, TranscriptionEvent, WhisperSettings, WhisperVideoProcessor
from llm.video.whisper_models import (
    build_model_identity,
    choose_language,
    find_whisper_code,
    get_language_tag,
    is_same_language,
)
from llm.video.whisper_task import TranscriptionTask
from project.processes import child, runner
from project.processes.confinement import Sockets
from project.processes.runner import ProcessLimits
from tests.fakes.site import Site
from tests.llm.video.recordings import LECTURE, NANO, ListTranscriptionContext, recording

CODES = {"en", "pt", "zh", "no", "nn", "jw", "he", "tl"}


def refused(settings: WhisperSettings) -> TranscriberMissing:
    with pytest.raises(TranscriberMissing) as caught:
        WhisperVideoProcessor(settings=settings).transcribe(
            recording(LECTURE), TranscriptionOptions(), ListTranscriptionContext()
        )
    return caught.value


@pytest.fixture
def nano(tmp_path: Path) -> Path:
    return Path(shutil.copytree(NANO, tmp_path / "nano"))


@pytest.mark.usefixtures("childless")
@pytest.mark.parametrize("name", ["model.bin", "config.json", "tokenizer.json", "vocabulary.json"])
def test_it_says_what_a_folder_lacks(nano: Path, name: str) -> None:
    (nano / name).unlink()

    error = refused(WhisperSettings(model=str(nano)))

    assert name.split(".")[0] in str(error)
    assert str(nano) in str(error)


@pytest.mark.usefixtures("childless")
def test_it_says_that_there_is_no_folder(tmp_path: Path) -> None:
    error = refused(WhisperSettings(model=str(tmp_path / "large-v3")))

    assert "There is no folder" in str(error)
    assert "preprocessor_config.json" in error.next_step


def test_it_says_what_to_do_when_a_model_is_not_here(tmp_path: Path) -> None:
    error = refused(WhisperSettings(model="tiny", cache_dir=str(tmp_path)))

    assert "not on this machine" in str(error)
    assert "WHISPER_MODEL" in error.next_step


def test_it_looks_for_a_model_elsewhere_only_when_it_may_download(tmp_path: Path) -> None:
    task = TranscriptionTask(
        path=str(LECTURE),
        track=0,
        max_ms=1_000,
        model="tiny",
        device="cpu",
        compute_type="int8",
        threads=1,
        beam_size=1,
        batch_size=1,
        window_ms=1_000,
        download=False,
    )

    with Site({}) as elsewhere:
        environment = {"HF_HOME": str(tmp_path), "HF_ENDPOINT": elsewhere.url("")}

        def run(task: TranscriptionTask) -> str:
            (said,) = runner.read_messages(CHILD, asdict(task), environment=environment, sockets=Sockets.ALL)
            return str(said["refused"]["message"])

        assert run(task).endswith("is not on this machine, and it may not be downloaded.")
        assert elsewhere.connections == 0
        assert "could not be downloaded" in run(replace(task, download=True))
        assert elsewhere.connections > 0


@pytest.mark.usefixtures("childless")
def test_it_says_that_a_model_does_not_fit_its_description(nano: Path) -> None:
    described = json.loads((nano / "preprocessor_config.json").read_text())
    (nano / "preprocessor_config.json").write_text(json.dumps({**described, "feature_size": 128}))

    error = refused(WhisperSettings(model=str(nano)))

    assert "80 mel bands" in str(error)
    assert "preprocessor_config.json" in error.next_step


@pytest.mark.usefixtures("childless")
def test_it_says_that_the_weights_are_no_model(nano: Path) -> None:
    (nano / "model.bin").write_bytes(b"nothing")

    assert "cannot be loaded" in str(refused(WhisperSettings(model=str(nano))))


@pytest.mark.usefixtures("childless")
@pytest.mark.parametrize("compute_type", ["int3", "float16"])
def test_it_says_what_the_processor_can_compute(compute_type: str) -> None:
    error = refused(WhisperSettings(model=str(NANO), device="cpu", compute_type=compute_type))

    assert f"on the device cpu with the compute type {compute_type}" in str(error)
    assert "WHISPER_COMPUTE_TYPE" in error.next_step
    # It differs between processors: one has int16, another does not.
    assert ", ".join(sorted(ctranslate2.get_supported_compute_types("cpu"))) in error.next_step


def test_it_says_how_to_install_what_is_missing(tmp_path: Path) -> None:
    venv.create(tmp_path / "bare", with_pip=False, symlinks=True)
    request = {"path": str(LECTURE), "track": 1, "max_ms": 1000, "model": str(NANO)}
    settings = {"device": "cpu", "compute_type": "int8", "threads": 1, "beam_size": 1, "batch_size": 1}
    request |= {"window_ms": 1000, "download": False}
    start = {"request": request | settings, "limits": asdict(ProcessLimits()), "sockets": Sockets.LOCAL.value}
    message = json.dumps(start) + "\n"

    command = [str(tmp_path / "bare" / "bin" / "python"), "-I", str(child.__file__), "llm.video.children.whisper"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(message.encode())
        process.stdin.flush()
        told = json.loads(process.stdout.readline())["refused"]

    assert told["error"] == "TranscriberMissing"
    assert "uv sync --extra media" in told["next_step"]


def test_starting_does_not_load_what_is_heavy() -> None:
    heavy = ["av", "numpy", "faster_whisper", "ctranslate2", "onnxruntime"]
    code = f"import sys, llm.video.whisper; print([name for name in {heavy} if name in sys.modules])"

    answered = subprocess.run(
        [sys.executable, "-c", f"import django; django.setup(); {code}"], capture_output=True, check=True, text=True
    )

    assert answered.stdout.strip() == "[]"


def test_a_cache_key_changes_with_all_that_what_is_heard_depends_on(nano: Path) -> None:
    settings, context = WhisperSettings(model=str(nano)), ListTranscriptionContext()

    def nothing(
        task: TranscriptionTask, *, checkpoint: Callable[[], None]
    ) -> Generator[TranscriptionEvent, None, None]:
        yield Window(index=0, start_ms=0, end_ms=94_400, language="", segments=())
        yield EndEvent(ms=94_400)

    def hear(settings: WhisperSettings, wish: TranscriptionOptions) -> None:
        processor = WhisperVideoProcessor(settings=settings, transcribe_windows=nothing)
        processor.transcribe(recording(LECTURE), wish, context)

    variants = ({"beam_size": 2}, {"window_ms": 60_000}, {"batch_size": 4}, {"batch_size": 8}, {"device": "cpu"})
    for each in (settings, *(replace(settings, **variant) for variant in variants)):
        hear(each, TranscriptionOptions())
    hear(settings, TranscriptionOptions(language="en"))
    hear(replace(settings, threads=7), TranscriptionOptions(vocabulary=("loop",)))

    assert [len(windows) for windows in context.windows.values()] == [3, 1, 1, 2, 1]


def test_an_identity_tells_one_folder_from_another(nano: Path) -> None:
    before = build_model_identity(str(nano))

    with (nano / "model.bin").open("ab") as file:
        file.write(b"more")

    assert build_model_identity(str(nano)) != before
    assert build_model_identity("small") == ["small"]


@pytest.mark.parametrize(
    ("tag", "code"),
    [("en", "en"), ("pt-BR", "pt"), ("zh_Hant", "zh"), ("nb-NO", "no"), ("nn", "nn"), ("jv", "jw"), ("fil", "tl"),
     ("iw", "he"), ("tlh", ""), ("", "")],
)  # fmt: skip
def test_it_knows_what_whisper_calls_a_language(tag: str, code: str) -> None:
    assert find_whisper_code(tag, CODES) == code


def test_it_knows_the_tag_of_what_whisper_names() -> None:
    assert (get_language_tag("jw"), get_language_tag("en")) == ("jv", "en")
    assert is_same_language("pt-BR", "pt")
    assert not is_same_language("", "pt")


@pytest.mark.parametrize(
    ("stated", "codes", "code", "warning"),
    [
        ("en-GB", CODES, "en", ""), ("", CODES, "", ""), ("tlh", CODES, "", "found out by itself"),
        ("en-GB", {"en"}, "en", ""), ("", {"en"}, "en", "taken to be in it"), ("", {"jw"}, "jw", "“jv” only"),
    ],
)  # fmt: skip
def test_it_takes_the_language_that_is_stated_or_the_only_one(
    stated: str, codes: set[str], code: str, warning: str
) -> None:
    choice = choose_language(stated, codes, model="tiny.en")

    assert choice.code == code
    assert warning in choice.warning
    assert bool(warning) == bool(choice.warning)


def test_it_refuses_a_language_that_a_model_of_one_language_does_not_know() -> None:
    with pytest.raises(TranscriberMissing) as caught:
        choose_language("uk", {"en"}, model="tiny.en")

    assert caught.value.code == "language_not_known"
    assert all(part in str(caught.value) for part in ("“tiny.en”", "“en” only", "“uk”"))
    assert "multilingual" in caught.value.next_step
