"""Facts about a Whisper model without loading it: its folder, missing files, and its language codes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from llm.video.errors import TranscriberMissing

NEEDED_FILES = ("model.bin", "config.json", "tokenizer.json", "vocabulary.*")
MODEL_NEXT_STEP = (
    "Set WHISPER_MODEL to a folder with model.bin, config.json, tokenizer.json, vocabulary.* (.json or .txt) and, for "
    "large-v3 and turbo, preprocessor_config.json"
)
# Languages that have another code in Whisper's tokenizer: Bokmål is Norwegian there, Filipino Tagalog, and Javanese has
# the withdrawn code "jw"; "cmn" is Mandarin. The others are codes that BCP 47 deprecates ("iw", "in", "ji", "mo").
_CODES = {"nb": "no", "fil": "tl", "iw": "he", "jv": "jw", "cmn": "zh", "in": "id", "ji": "yi", "mo": "ro"}
_TAGS = {"jw": "jv"}


@dataclass(frozen=True, kw_only=True)
class LanguageChoice:
    """Whisper's code of the language to transcribe, blank to detect it, and a sentence for users; blank if none."""

    code: str
    warning: str = ""


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


def choose_language(stated: str, codes: Collection[str], *, model: str) -> LanguageChoice:
    """Return the language to transcribe with a model that knows `codes`, for a stated BCP 47 tag (blank: none).

    Models of one language, such as `tiny.en`, cannot detect any. Raises TranscriberMissing when another one is stated:
    they write words of their own language for whatever is said, and nothing shows that these are wrong.
    """
    if code := find_whisper_code(stated, codes):
        return LanguageChoice(code=code)
    if len(codes) != 1:
        return LanguageChoice(
            code="",
            warning=f"Whisper does not know the language “{stated}” and found out by itself." if stated else "",
        )
    [only] = codes
    if stated:
        raise TranscriberMissing(
            f"The Whisper model “{model}” knows the language “{get_language_tag(only)}” only, and the recording is "
            f"stated to be in “{stated}”.",
            code="language_not_known",
            next_step=(
                "Set WHISPER_MODEL to a multilingual model (not one whose name ends in .en), upload captions (.vtt or "
                ".srt) beside the recording, or correct its language if it is stated wrongly."
            ),
        )
    return LanguageChoice(
        code=only,
        warning=(
            f"The Whisper model “{model}” knows the language “{get_language_tag(only)}” only, so the recording was "
            "taken to be in it. State its language, so that nothing is assumed."
        ),
    )


def get_language_tag(code: str) -> str:
    """Return the BCP 47 tag of a Whisper language code."""
    return _TAGS.get(code, code)


def is_same_language(one: str, other: str) -> bool:
    """Tell whether two BCP 47 tags have the same Whisper language code."""
    return _get_whisper_code(one) == _get_whisper_code(other)


def _get_whisper_code(tag: str) -> str:
    first = tag.strip().lower().replace("_", "-").split("-")[0]
    return _CODES.get(first, first)
