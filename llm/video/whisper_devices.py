"""Which device transcribes: the processor, or a GPU that CUDA can use. Loads no library."""

from __future__ import annotations

from enum import StrEnum

from llm.video.errors import TranscriberMissing


class Device(StrEnum):
    """The values of WHISPER_DEVICE."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


def choose_device(wanted: str, *, gpus: int) -> Device:
    """Return CPU or CUDA for a value of WHISPER_DEVICE on a machine with so many usable GPUs.

    Raises TranscriberMissing when a GPU is wanted and there is none: a lecture would take hours instead of minutes.
    """
    if wanted == Device.CPU or (wanted == Device.AUTO and not gpus):
        return Device.CPU
    if not gpus:
        raise TranscriberMissing(
            "WHISPER_DEVICE is cuda, but CUDA finds no GPU on the worker.",
            next_step=(
                "Install NVIDIA's driver and give the worker the GPU (Docker: `--gpus all`), or set WHISPER_DEVICE to "
                "auto or cpu."
            ),
        )
    return Device.CUDA


def build_unusable_gpu_error(cause: str) -> TranscriberMissing:
    """Return the error of a GPU that is there, and on which the model does not run."""
    return TranscriberMissing(
        f"WHISPER_DEVICE is cuda, but the GPU cannot be used ({cause}).",
        next_step=(
            "Install cuBLAS for CUDA 12 (the package nvidia-cublas-cu12, its folder in the worker's LD_LIBRARY_PATH). "
            "If the GPU has too little memory, choose a smaller WHISPER_MODEL or WHISPER_COMPUTE_TYPE=int8. "
            "WHISPER_DEVICE=cpu does without it."
        ),
    )


def build_fallback_warning(cause: str) -> str:
    """Return the warning of a transcript that the processor made, although there is a GPU."""
    return f"The worker's GPU could not be used ({cause}), so its processor transcribed, which takes longer."
