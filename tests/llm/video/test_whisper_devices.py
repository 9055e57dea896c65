"""Which device transcribes, as far as a machine without a GPU can show it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ctranslate2  # type: ignore[import-untyped]
import pytest

from llm.video.errors import TranscriberMissing
from llm.video.ports import TranscriptionOptions
from llm.video.whisper import ChildProcessTranscription, WhisperSettings, WhisperVideoProcessor
from llm.video.whisper_devices import Device, choose_device
from llm.video.whisper_loading import ModelLoader
from llm.video.whisper_task import TranscriptionTask
from tests.llm.video.recordings import LECTURE, NANO, ListTranscriptionContext, recording

NO_GPU_HERE = pytest.mark.skipif(ctranslate2.get_cuda_device_count() > 0, reason="this machine has a GPU")


def task(**values: Any) -> TranscriptionTask:
    default = {
        "path": str(LECTURE), "track": 1, "max_ms": 5000, "model": str(NANO), "device": "auto", "compute_type": "int8",
        "threads": 1, "beam_size": 1, "batch_size": 1, "window_ms": 300_000, "download": False,
    }  # fmt: skip
    return TranscriptionTask(**{**default, **values})


@pytest.mark.parametrize(
    ("wanted", "gpus", "chosen"),
    [("auto", 0, Device.CPU), ("auto", 2, Device.CUDA), ("cpu", 2, Device.CPU), ("cuda", 1, Device.CUDA)],
)
def test_a_gpu_is_used_where_there_is_one_unless_the_processor_is_wanted(
    wanted: str, gpus: int, chosen: Device
) -> None:
    assert choose_device(wanted, gpus=gpus) is chosen


@NO_GPU_HERE
def test_a_gpu_that_is_not_there_is_not_replaced_in_silence() -> None:
    settings = WhisperSettings(model=str(NANO), device="cuda")

    with pytest.raises(TranscriberMissing) as caught:
        WhisperVideoProcessor(settings=settings).transcribe(
            recording(LECTURE), TranscriptionOptions(), ListTranscriptionContext()
        )

    assert "CUDA finds no GPU" in str(caught.value)
    assert "--gpus all" in caught.value.next_step
    assert "auto or cpu" in caught.value.next_step


@pytest.fixture
def claimed_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that counts a GPU on which nothing runs, such as one without CUDA's libraries: CTranslate2 says why."""
    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: 1)


@NO_GPU_HERE
@pytest.mark.usefixtures("claimed_gpu")
def test_a_gpu_that_cannot_be_used_is_said_and_the_processor_transcribes() -> None:
    told: list[dict[str, Any]] = []

    model = ModelLoader(task(), told.append).load_model()

    assert model.model.device == "cpu"
    assert len(told) == 1
    assert "GPU could not be used (CUDA" in told[0]["warning"]


@NO_GPU_HERE
@pytest.mark.usefixtures("claimed_gpu")
def test_a_gpu_that_is_wanted_and_cannot_be_used_is_an_error() -> None:
    with pytest.raises(TranscriberMissing) as caught:
        ModelLoader(task(device="cuda"), ignore)

    assert "GPU cannot be used (CUDA" in str(caught.value)
    assert "LD_LIBRARY_PATH" in caught.value.next_step


def ignore(message: dict[str, Any]) -> None:
    raise AssertionError(message)


@pytest.mark.parametrize(("device", "passed"), [("auto", True), ("cuda", True), ("cpu", False)])
def test_the_child_finds_the_libraries_of_a_gpu(monkeypatch: pytest.MonkeyPatch, device: str, passed: bool) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", "/opt/cublas/lib")
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    build: Callable[[TranscriptionTask], Any] = ChildProcessTranscription(settings=WhisperSettings())._build_environment

    environment = build(task(device=device))

    assert ("LD_LIBRARY_PATH" in environment) is passed
    assert "OPENAI_API_KEY" not in environment
