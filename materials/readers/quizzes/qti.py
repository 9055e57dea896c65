"""Read IMS QTI 1.2, the form of quizzes in Common Cartridges and in exports of Canvas, Blackboard and Moodle."""

from __future__ import annotations

from html import escape
from typing import Any

from materials.documents import Document
from materials.readers.quizzes.questions import Question, build_document
from materials.readers.quizzes.xml_trees import get_text

_RESPONSES = ("response_lid", "response_str", "response_num", "response_grp", "response_xy")
# Feedback that every learner gets, or one who is right.
_SHOWN_FEEDBACK = ("general", "correct", "solution", "right")


def read_qti(root: Any) -> Document:
    """Return the document of a `questestinterop` element. Raises UnreadableDocument without questions."""
    holder = next(root.iter("assessment", "section", "objectbank"), None)
    title = (holder.get("title") or "") if holder is not None else ""
    return build_document(title, [question for item in root.iter("item") for question in _read_item(item)])


def _read_item(item: Any) -> list[Question]:
    presentation = item.find("presentation")
    if presentation is None:
        return []
    responses = list(presentation.iter(*_RESPONSES))
    stem = _render_materials(presentation, within_responses=False)
    right, feedback_ids = _read_processing(item)
    explanation = tuple(_render_feedback(item, feedback_ids))
    title = item.get("title") or ""
    labels = {_get_ident(label): _render_materials(label) for label in presentation.iter("response_label")}
    if len(responses) > 1:
        return [_build_matching(title, stem, responses, labels, right, explanation)]
    wanted = [value for _, value in right]
    choices = tuple(text for text in labels.values() if text)
    answers = tuple(labels.get(value) or escape(value) for value in dict.fromkeys(wanted))
    return [Question(title=title, stem=stem, choices=choices, answers=answers, explanation=explanation)]


def _build_matching(
    title: str,
    stem: str,
    responses: list[Any],
    labels: dict[str, str],
    right: list[tuple[str, str]],
    explanation: tuple[str, ...],
) -> Question:
    """Return a question of several parts, each with its own answer, as when words are matched."""
    prompts = [(_get_ident(response), _render_materials(response, within_labels=False)) for response in responses]
    listed = "".join(f"<li>{prompt}</li>" for _, prompt in prompts if prompt)
    answers = []
    for ident, prompt in prompts:
        values = [labels.get(value) or escape(value) for respident, value in right if respident == ident]
        if values:
            answers.append(f"{prompt}: {', '.join(values)}" if prompt else ", ".join(values))
    choices = tuple(dict.fromkeys(text for text in labels.values() if text))
    stem = f"{stem}<ol>{listed}</ol>" if listed else stem
    return Question(title=title, stem=stem, choices=choices, answers=tuple(answers), explanation=explanation)


def _render_materials(element: Any, *, within_responses: bool = True, within_labels: bool = True) -> str:
    """Return the texts of an element as HTML, perhaps without those of its responses or of their labels."""
    parts = []
    for text in element.iter("mattext", "matemtext"):
        holders = [above.tag for above in text.iterancestors()]
        inside = holders[: holders.index(element.tag)] if element.tag in holders else holders
        if not within_responses and any(tag in _RESPONSES for tag in inside):
            continue
        if not within_labels and "response_label" in inside:
            continue
        value = get_text(text)
        is_html = (text.get("texttype") or "").lower() in {"text/html", "text/xhtml"}
        parts.append(value if is_html else escape(value))
    return "<br>".join(part for part in parts if part)


def _read_processing(item: Any) -> tuple[list[tuple[str, str]], set[str]]:
    """Return the answers that score, as (response, value), and the feedback that they give."""
    right: list[tuple[str, str]] = []
    feedback_ids: set[str] = set()
    for condition in item.iter("respcondition"):
        if not any(_scores(setvar) for setvar in condition.iter("setvar")):
            continue
        right.extend(
            (value.get("respident") or "", get_text(value))
            for value in condition.iter("varequal", "varsubstring")
            if not any(above.tag == "not" for above in value.iterancestors())
        )
        lowest, highest = next(condition.iter("vargte", "vargt"), None), next(condition.iter("varlte", "varlt"), None)
        if lowest is not None and highest is not None and next(condition.iter("varequal"), None) is None:
            right.append((lowest.get("respident") or "", f"{get_text(lowest)} – {get_text(highest)}"))
        feedback_ids.update(shown.get("linkrefid") or "" for shown in condition.iter("displayfeedback"))
    return right, feedback_ids


def _scores(setvar: Any) -> bool:
    try:
        return float(get_text(setvar) or 0) > 0
    except ValueError:
        return False


def _render_feedback(item: Any, feedback_ids: set[str]) -> list[str]:
    texts = []
    for feedback in item.iter("itemfeedback"):
        ident = _get_ident(feedback)
        is_shown = ident.lower().startswith(_SHOWN_FEEDBACK) or next(feedback.iter("solution"), None) is not None
        if is_shown or ident in feedback_ids:
            texts.append(_render_materials(feedback))
    return texts


def _get_ident(element: Any) -> str:
    return element.get("ident") or ""
