"""The libraries that H5P content names: platforms take a package when they have exactly these versions of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from structures.exports.options import ExportOption, OptionType

QUESTION_SET, VIDEO = "H5P.QuestionSet", "H5P.InteractiveVideo"
MULTI_CHOICE, BLANKS, ESSAY = "H5P.MultiChoice", "H5P.Blanks", "H5P.Essay"
CONTENT_TYPES = {MULTI_CHOICE: "Multiple Choice", BLANKS: "Fill in the Blanks", ESSAY: "Essay"}
# Major and minor versions, from the `library.json` and `semantics.json` of the libraries. What a set of questions or a
# video may hold is said by it with the version: others are dropped by platforms without a word.
_QUESTIONS = {MULTI_CHOICE: (1, 16), BLANKS: (1, 14), ESSAY: (1, 5)}
VERSIONS = {
    "2024": {**_QUESTIONS, QUESTION_SET: (1, 20), VIDEO: (1, 27)},
    "2026": {**_QUESTIONS, QUESTION_SET: (1, 21), VIDEO: (1, 28)},
}
LIBRARIES = ExportOption(
    name="libraries",
    type=OptionType.CHOICE,
    default="2024",
    choices=tuple(VERSIONS),
    description="The libraries that the platform has: Question Set 1.20 and Interactive Video 1.27 as of 2024, or 1.21 "
    "and 1.28 as of 2026.",
)


def format_library(name: str, libraries: str) -> str:
    """Return a library as content names it, such as `H5P.MultiChoice 1.16`."""
    major, minor = VERSIONS[libraries][name]
    return f"{name} {major}.{minor}"


def describe_dependencies(names: Iterable[str], libraries: str) -> list[dict[str, Any]]:
    """Return libraries as `h5p.json` names them."""
    return [
        {"machineName": name, "majorVersion": major, "minorVersion": minor}
        for name, (major, minor) in ((name, VERSIONS[libraries][name]) for name in names)
    ]
