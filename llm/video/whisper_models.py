"""What is known of a Whisper model without loading it: where it is, what it lacks, what it calls languages."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

NEEDED_FILES = ("model.bin", "config.json", "tokenizer.json", "vocabulary.*")
MODEL_NEXT_STEP = (
    "Set WHISPER_MODEL to a folder with model.bin, config.json, tokenizer.json, vocabulary.* (.json or .txt) and, for "
    "large-v3 and turbo, preprocessor_config.json"
)
_CODES = {"nb": "no", "fil": "tl", "iw": "he", "jv": "jw", "cmn": "zh", "in": "id", "ji": "yi", "mo": "ro"}
_TAGS = {"jw": "jv"}


def get_model_folder(model: str) -> Path | None:
    """Return the folder that is meant by a model's setting, whether it is there or not; None for a model's name."""
    path = Path(model).expanduser()
    return path if path.is_absolute() or model.startswith(".") or path.is_dir() else None


def list_missing_files(folder: Path) -> list[str]:
    """Return which files a model's folder lacks."""
    return [name for name in NEEDED_FILES if not any(folder.glob(name))]


def build_model_identity(model: str) -> list[str | int]:
    """Return what tells one model from another: the name, or the size of a folder's weights and its configuration."""
    folder = get_model_folder(model)
    if folder is None or list_missing_files(folder):
        return [model]
    return [(folder / "model.bin").stat().st_size, (folder / "config.json").read_text(encoding="utf-8")]


def find_whisper_code(tag: str, codes: Collection[str]) -> str:
    """Return the code of a BCP 47 tag's language, blank when it is not among the codes that the model knows."""
    code = _get_whisper_code(tag)
    return code if code in codes else ""


def get_language_tag(code: str) -> str:
    """Return the BCP 47 tag of a language that Whisper names."""
    return _TAGS.get(code, code)


def is_same_language(one: str, other: str) -> bool:
    """Tell whether Whisper makes no difference between the languages of two BCP 47 tags."""
    return _get_whisper_code(one) == _get_whisper_code(other)


def _get_whisper_code(tag: str) -> str:
    first = tag.strip().lower().replace("_", "-").split("-")[0]
    return _CODES.get(first, first)
