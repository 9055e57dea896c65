"""Loads a Whisper model on the processor or a GPU. For the child process only: its libraries are heavy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ctranslate2  # type: ignore[import-untyped]
import numpy as np
from faster_whisper import WhisperModel  # type: ignore[import-untyped]
from faster_whisper.utils import download_model  # type: ignore[import-untyped]
from huggingface_hub.errors import HfHubHTTPError

from llm.video.errors import TranscriberMissing
from llm.video.whisper_devices import Device, build_fallback_warning, build_unusable_gpu_error, choose_device
from llm.video.whisper_models import MODEL_NEXT_STEP, get_model_folder, list_missing_files
from llm.video.whisper_task import ReportProgress, TranscriptionTask
from project.errors import shorten_message

# Any number: a fixed one makes sampling at temperatures above 0 repeatable.
SEED = 20
# Whisper's features: so many frames a second, and half a minute of them at a time.
FRAMES_PER_SECOND, FRAMES = 100, 3000


class TrackedModel(WhisperModel):  # type: ignore[misc]
    """A model that records whether it has sampled, and how much of each stretch it has transcribed.

    At temperatures above 0 the model samples, and later results then depend on earlier ones.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.has_sampled = False
        self._decoded_frames: list[int] = []

    def generate_with_fallback(self, *call: Any) -> Any:
        answer = super().generate_with_fallback(*call)
        self.has_sampled = self.has_sampled or answer[2] > 0
        return answer

    def _split_segments_by_timestamps(self, *args: Any, **options: Any) -> Any:
        segments, seek, is_ended = super()._split_segments_by_timestamps(*args, **options)
        self._decoded_frames.append(seek)
        return segments, seek, is_ended

    def pop_decoded_frames(self) -> list[int]:
        """Return how many frames of each stretch are transcribed since the last call, and forget them."""
        frames, self._decoded_frames = self._decoded_frames, []
        return frames

    def list_language_codes(self) -> set[str]:
        """Return the codes of the languages that the model knows."""
        # The tokenizers of English-only models have tokens for all languages, which their weights never saw.
        if not self.model.is_multilingual:
            return {"en"}
        return {code for code in self.supported_languages if self.hf_tokenizer.token_to_id(f"<|{code}|>") is not None}


class ModelLoader:
    """Loads the model of a task, as often as it is needed, on the device that was chosen once.

    Raises TranscriberMissing when the model or a file of it is missing, or no such GPU can be used. A GPU that was not
    asked for by name and cannot be used is reported as a warning.
    """

    def __init__(self, task: TranscriptionTask, report: ReportProgress) -> None:
        self._task = task
        self._folder = _find_model_folder(task)
        self._device = choose_device(task.device, gpus=ctranslate2.get_cuda_device_count())
        if self._device is Device.CUDA and (cause := self._find_gpu_fault()):
            if task.device == Device.CUDA:
                raise build_unusable_gpu_error(cause)
            report({"warning": build_fallback_warning(cause)})
            self._device = Device.CPU

    def load_model(self) -> TrackedModel:
        """Return a model with a fresh random generator: CTranslate2 applies the seed to new models only.

        Raises TranscriberMissing when it cannot be loaded, or its folder describes another one.
        """
        ctranslate2.set_random_seed(SEED)
        try:
            model = self._load_on_device(self._device)
        except (RuntimeError, ValueError) as error:
            possible = ", ".join(sorted(ctranslate2.get_supported_compute_types(self._device.value)))
            raise TranscriberMissing(
                f"The Whisper model “{self._task.model}” cannot be loaded on the device {self._device} with the "
                f"compute type {self._task.compute_type} ({error}).",
                next_step=(
                    "Set WHISPER_MODEL to a model in CTranslate2 format, and WHISPER_COMPUTE_TYPE to what this device "
                    f"can do: {possible}."
                ),
            ) from error
        self._check_features(model)
        return model

    def _find_gpu_fault(self) -> str:
        """Return why the model does not run on the GPU; blank when it does.

        Libraries of CUDA are loaded when something is computed, so that a model which was loaded may still not run.
        """
        try:
            model = self._load_on_device(Device.CUDA)
            model.encode(np.zeros((model.model.n_mels, FRAMES), np.float32))
        except (RuntimeError, ValueError) as error:
            return str(error)
        return ""

    def _load_on_device(self, device: Device) -> TrackedModel:
        return TrackedModel(
            str(self._folder),
            device=device.value,
            compute_type=self._task.compute_type,
            cpu_threads=self._task.threads,
            local_files_only=True,
        )

    def _check_features(self, model: TrackedModel) -> None:
        # large-v3 and turbo take 128 mel bands, others 80, which faster-whisper assumes without the model's
        # preprocessor_config.json. CTranslate2 would fail in the first window, with a message about shapes.
        wanted, given = model.model.n_mels, model.feature_extractor.mel_filters.shape[0]
        if wanted != given:
            raise TranscriberMissing(
                f"The Whisper model “{self._task.model}” takes {wanted} mel bands, but its folder describes {given}.",
                next_step=f"Put the model's preprocessor_config.json into {self._folder}.",
            )


def _find_model_folder(task: TranscriptionTask) -> Path:
    """Return the model's folder. Raises TranscriberMissing when it or a file of it is missing."""
    folder = get_model_folder(task.model)
    if folder is None:
        folder = _find_named_model(task)
    elif not folder.is_dir():
        raise TranscriberMissing(f"There is no folder {folder} on the worker.", next_step=f"{MODEL_NEXT_STEP}.")
    if missing := list_missing_files(folder):
        raise TranscriberMissing(
            f"The Whisper model in {folder} lacks {', '.join(missing)}.",
            next_step="Put what is missing there: it belongs to the same model in CTranslate2 format.",
        )
    return folder


def _find_named_model(task: TranscriptionTask) -> Path:
    try:
        return Path(download_model(task.model, local_files_only=not task.download))
    except (OSError, ValueError, HfHubHTTPError) as error:
        # Where it was only looked for here, the library's reason says no more than that it is not.
        why = (
            f"could not be downloaded ({shorten_message(str(error), limit=200)})"
            if task.download
            else "is not on this machine, and it may not be downloaded"
        )
        raise TranscriberMissing(
            f"The Whisper model “{task.model}” {why}.",
            next_step=f"{MODEL_NEXT_STEP}, or allow to download with WHISPER_DOWNLOAD=1.",
        ) from error
