"""Read H5P: the questions in its content, at whatever depth other content holds them."""

from __future__ import annotations

import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from materials.documents import Document
from materials.readers.archives import ZIP_MAX_XML_BYTES, check_zip_parts
from materials.readers.base.errors import UnreadableDocument
from materials.readers.format_problem import FormatProblem
from materials.readers.quizzes.questions import Question, build_document

_CONTENT, _MANIFEST = "content/content.json", "h5p.json"
_ZIP_ERRORS = (
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OSError,
    EOFError,
    zlib.error,
    KeyError,
)
# The words to fill in: *answer/other answer:tip*.
_GAP = re.compile(r"\*(?P<answer>[^*:/\n]{1,200})(?:/[^*:\n]{0,300})?(?::[^*\n]{0,300})?\*")


def read_h5p(path: Path) -> Document:
    """Return the document of an H5P package. Raises UnreadableDocument."""
    try:
        with zipfile.ZipFile(path) as archive:
            check_zip_parts(archive.infolist())
            manifest = _read_json(archive, _MANIFEST)
            content = _read_json(archive, _CONTENT)
    except FormatProblem as exc:
        raise UnreadableDocument(str(exc), code=exc.code, next_step=exc.next_step) from exc
    except (*_ZIP_ERRORS, RecursionError) as exc:
        raise UnreadableDocument("The H5P package is damaged: its content cannot be read.", code="damaged") from exc
    library = str(manifest.get("mainLibrary") or "")
    title = str(manifest.get("title") or "")
    try:
        return build_document(title, list(_iter_questions(library, content, "")))
    except RecursionError as exc:
        raise UnreadableDocument("The H5P package is damaged: it is nested too deeply.", code="damaged") from exc


def _read_json(archive: zipfile.ZipFile, name: str) -> dict[str, Any]:
    """Return an object from a part, counted while unpacking; the size in the directory may be wrong."""
    with archive.open(name) as stream:
        data = stream.read(ZIP_MAX_XML_BYTES + 1)
    if len(data) > ZIP_MAX_XML_BYTES:
        raise UnreadableDocument("The H5P package unpacks to more than a quiz may.", code="file_unpacks_too_large")
    found = json.loads(data.decode("utf-8-sig"))
    if not isinstance(found, dict):
        raise ValueError(name)
    return found


def _iter_questions(library: str, params: dict[str, Any], title: str) -> Iterator[Question]:
    """Yield the questions of a piece of content, in order; other content is searched for those inside."""
    name = library.split(" ")[0].removeprefix("H5P.")
    if name in _READERS:
        yield from _READERS[name](params, title)
        return
    yield from _iter_nested(params)


def _iter_nested(value: Any) -> Iterator[Question]:
    if isinstance(value, list):
        for each in value:
            yield from _iter_nested(each)
    elif isinstance(value, dict):
        params = value.get("params")
        if isinstance(value.get("library"), str) and isinstance(params, dict):
            metadata = value.get("metadata")
            title = str(metadata.get("title") or "") if isinstance(metadata, dict) else ""
            yield from _iter_questions(value["library"], params, title)
            return
        for each in value.values():
            yield from _iter_nested(each)


def _read_multiple_choice(params: dict[str, Any], title: str) -> Iterator[Question]:
    given = [each for each in _get_list(params, "answers") if isinstance(each, dict)]
    right = [each for each in given if each.get("correct") is True]
    feedback = [each["tipsAndFeedback"] for each in right if isinstance(each.get("tipsAndFeedback"), dict)]
    yield Question(
        title=title,
        stem=_get_text(params, "question"),
        choices=tuple(_get_text(each, "text") for each in given),
        answers=tuple(_get_text(each, "text") for each in right),
        explanation=tuple(_get_text(each, "chosenFeedback") for each in feedback),
    )


def _read_true_false(params: dict[str, Any], title: str) -> Iterator[Question]:
    labels = params.get("l10n") if isinstance(params.get("l10n"), dict) else {}
    assert isinstance(labels, dict)
    true, false = _get_text(labels, "trueText") or "True", _get_text(labels, "falseText") or "False"
    is_true = str(params.get("correct")).lower() == "true"
    behaviour = params.get("behaviour") if isinstance(params.get("behaviour"), dict) else {}
    assert isinstance(behaviour, dict)
    yield Question(
        title=title,
        stem=_get_text(params, "question"),
        choices=(true, false),
        answers=(true if is_true else false,),
        explanation=(_get_text(behaviour, "feedbackOnCorrect"),),
    )


def _read_gaps(params: dict[str, Any], title: str) -> Iterator[Question]:
    """Yield the question of texts with words to fill in, to drag into place or to mark."""
    intro = _get_text(params, "text") or _get_text(params, "taskDescription")
    texts = [text for text in _get_list(params, "questions") if isinstance(text, str)] or [
        _get_text(params, "textField")
    ]
    answers = [found["answer"].strip() for text in texts for found in _GAP.finditer(text)]
    stem = intro + "".join(f"<div>{_GAP.sub('____', text)}</div>" for text in texts)
    yield Question(title=title, stem=stem, answers=tuple(answers))


def _read_marked_words(params: dict[str, Any], title: str) -> Iterator[Question]:
    text = _get_text(params, "textField")
    answers = tuple(found["answer"].strip() for found in _GAP.finditer(text))
    stem = f"{_get_text(params, 'taskDescription')}<div>{_GAP.sub(lambda found: found['answer'], text)}</div>"
    yield Question(title=title, stem=stem, answers=answers)


def _read_single_choices(params: dict[str, Any], title: str) -> Iterator[Question]:
    """Yield questions of a set or a summary, whose first answer is the right one."""
    for each in [*_get_list(params, "choices"), *_get_list(params, "summaries")]:
        if isinstance(each, dict):
            given = [text for text in _get_list(each, "answers") + _get_list(each, "summary") if isinstance(text, str)]
            stem = _get_text(each, "question") or _get_text(params, "intro")
            # In another order than that of the source, where the first is right.
            yield Question(title="", stem=stem, choices=tuple(sorted(given)), answers=tuple(given[:1]))


def _read_essay(params: dict[str, Any], title: str) -> Iterator[Question]:
    solution = params.get("solution")
    sample = _get_text(solution, "sample") if isinstance(solution, dict) else ""
    yield Question(title=title, stem=_get_text(params, "taskDescription"), answers=(sample,) if sample else ())


def _read_cards(params: dict[str, Any], title: str) -> Iterator[Question]:
    for card in [*_get_list(params, "cards"), *_get_list(params, "dialogs")]:
        if isinstance(card, dict):
            yield Question(stem=_get_text(card, "text"), answers=(_get_text(card, "answer"),))


_READERS = {
    "MultiChoice": _read_multiple_choice,
    "TrueFalse": _read_true_false,
    "Blanks": _read_gaps,
    "DragText": _read_gaps,
    "MarkTheWords": _read_marked_words,
    "SingleChoiceSet": _read_single_choices,
    "Summary": _read_single_choices,
    "Essay": _read_essay,
    "Dialogcards": _read_cards,
    "Flashcards": _read_cards,
}


def _get_text(values: dict[str, Any], name: str) -> str:
    """Return a text of the content, which is HTML; blank without one."""
    value = values.get(name)
    return value if isinstance(value, str) else escape(str(value)) if isinstance(value, int | float) else ""


def _get_list(values: dict[str, Any], name: str) -> list[Any]:
    value = values.get(name)
    return value if isinstance(value, list) else []
