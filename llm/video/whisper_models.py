"""Facts about a Whisper model without loading it: its folder, missing files, and its language codes."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

NEEDED_FILES = ("model.bin", "config.json", "tokenizer.json", "vocabulary.*")
MODEL_NEXT_STEP = (
    "Set WHISPER_MODEL to a folder with model.bin, config.json, tokenizer.json, vocabulary.* (.json or .txt) and, for "
    "large-v3 and turbo, preprocessor_config.json"
)
# Languages that have another code in Whisper's tokenizer: Bokmål is Norwegian there, Filipino Tagalog, and Javanese has
# the withdrawn code "jw"; "cmn" is Mandarin. The others are codes that BCP 47 deprecates ("iw", "in", "ji", "mo").
_CODES = {"nb": "no", "fil": "tl", "iw": "he", "jv": "jw", "cmn": "zh", "in": "id", "ji": "yi", "mo": "ro"}
_TAGS = {"jw": "jv"}


def get_model_folder(model: str) -> Path | None:
    """Return the folder that the setting names, whether it exists or not; None when it is the name of a model."""
    path = Path(model).expanduser()
    return path if path.is_absolute() or model.startswith(".") or path.is_dir() else None


def list_missing_files(folder: Path) -> list[str]:
    """Return the patterns of required files that the folder lacks."""
    return [name for name in NEEDED_FILES if not any(folder.glob(name))]


def build_model_identity(model: str) -> list[str | int]:
    """Return what identifies a model in a cache key: its name, or the size of a folder's weights and its configuration.

    The path does not count: the same model may be in another folder on another worker.
    """
    folder = get_model_folder(model)
    if folder is None or list_missing_files(folder):
        return [model]
    # Not a digest of the weights, which are gigabytes: size and configuration tell models apart.
    return [(folder / "model.bin").stat().st_size, (folder / "config.json").read_text(encoding="utf-8")]


def find_whisper_code(tag: str, codes: Collection[str]) -> str:
    """Return Whisper's code for the language of a BCP 47 tag; blank when it is not in `codes`."""
    code = _get_whisper_code(tag)
    return code if code in codes else ""


def get_language_tag(code: str) -> str:
    """Return the BCP 47 tag of a Whisper language code."""
    return _TAGS.get(code, code)


def is_same_language(one: str, other: str) -> bool:
    """Tell whether two BCP 47 tags have the same Whisper language code."""
    return _get_whisper_code(one) == _get_whisper_code(other)


def _get_whisper_code(tag: str) -> str:
    first = tag.strip().lower().replace("_", "-").split("-")[0]
    return _CODES.get(first, first)
