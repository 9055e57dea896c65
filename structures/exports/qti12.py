"""Questions in QTI 1.2, for cartridges and for banks of items."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from structures.exports.base import ExportedNodeFields
from structures.exports.choice_tasks import ChoiceTask
from structures.exports.lesson_html import escape_text, render_blocks
from structures.exports.package_checks import find_page_faults

QTI_NAMESPACE = "http://www.imsglobal.org/xsd/ims_qtiasiv1p2"
_FEEDBACK = "general_fb"
_OUTCOMES = '<outcomes><decvar maxvalue="100" minvalue="0" varname="SCORE" vartype="Decimal"/></outcomes>'
_FULL_SCORE = '<setvar action="Set" varname="SCORE">100</setvar>'


def write_metadata(fields: Mapping[str, str]) -> str:
    """Return fields with their values as metadata."""
    inside = "".join(
        f"<qtimetadatafield><fieldlabel>{label}</fieldlabel><fieldentry>{entry}</fieldentry></qtimetadatafield>"
        for label, entry in fields.items()
    )
    return f"<qtimetadata>{inside}</qtimetadata>\n"


def write_choice_item(
    row: ExportedNodeFields, task: ChoiceTask, *, is_single: bool, fields: Mapping[str, str], rubric: str = ""
) -> str:
    """Return a question with choices: one can be chosen, or all the right ones have to be and no other.

    `rubric` is HTML for whoever grades.
    """
    labels = "".join(
        f'<response_label ident="choice{at}">{_write_material(f"<p>{escape_text(choice)}</p>")}</response_label>\n'
        for at, choice in enumerate(task.choices)
    )
    response = (
        f'<response_lid ident="response" rcardinality="{"Single" if is_single else "Multiple"}"><render_choice>\n'
        f"{labels}</render_choice></response_lid>"
    )
    after = _write_choice_processing(task, is_single=is_single) + _write_feedback(task)
    return _write_item(row, render_blocks(task.stem), response, fields=fields, rubric=rubric, after=after)


def write_text_item(
    row: ExportedNodeFields,
    html: str,
    answers: Sequence[str],
    *,
    fields: Mapping[str, str],
    rubric: str = "",
    solution: str = "",
) -> str:
    """Return a question that is answered by writing: one of the answers, else what somebody grades.

    `solution` is HTML for whoever grades.
    """
    response = (
        '<response_str ident="response" rcardinality="Single"><render_fib fibtype="String">'
        '<response_label ident="answer"/></render_fib></response_str>'
    )
    wanted = "".join(f'<varequal respident="response" case="No">{escape_text(answer)}</varequal>' for answer in answers)
    condition, result = (f"<or>{wanted}</or>", _FULL_SCORE) if answers else ("<other/>", "")
    shown = (
        '<itemfeedback ident="solution" view="Scorer"><solution><solutionmaterial>'
        f"{_write_material(solution)}</solutionmaterial></solution></itemfeedback>\n"
        if solution
        else ""
    )
    processing = (
        f'<resprocessing>{_OUTCOMES}\n<respcondition continue="No"><conditionvar>{condition}</conditionvar>{result}'
        "</respcondition></resprocessing>\n"
    )
    return _write_item(row, html, response, fields=fields, rubric=rubric, after=f"{processing}{shown}")


def find_choice_faults(item: Any, *, fewest: int) -> Iterator[str]:
    """Yield what is wrong with the choices of a question."""
    labels = [label.get("ident") for label in item.iter(f"{{{QTI_NAMESPACE}}}response_label")]
    if len(labels) != len(set(labels)) or len(labels) < fewest:
        yield "its choices are too few, or two have one name"
    right = item.xpath(
        ".//q:setvar/../q:conditionvar//q:varequal[not(ancestor::q:not)]/text()", namespaces={"q": QTI_NAMESPACE}
    )
    if not right or not set(right) <= set(labels):
        yield "what is right is none of its choices"


def find_text_faults(item: Any) -> Iterator[str]:
    """Yield what a browser would run of the texts of a question."""
    for text in item.iter(f"{{{QTI_NAMESPACE}}}mattext"):
        yield from find_page_faults((text.text or "").encode())


def _write_item(
    row: ExportedNodeFields, html: str, response: str, *, fields: Mapping[str, str], rubric: str, after: str
) -> str:
    graded = f'<rubric view="Scorer">{_write_material(rubric)}</rubric>\n' if rubric else ""
    return (
        f'<item ident="question-{row.key}" title="{escape_text(row.title)}">\n'
        f"<itemmetadata>{write_metadata(fields)}</itemmetadata>\n{graded}"
        f"<presentation>{_write_material(html)}\n{response}</presentation>\n{after}</item>\n"
    )


def _write_material(html: str) -> str:
    return f'<material><mattext texttype="text/html">{escape(html)}</mattext></material>'


def _write_choice_processing(task: ChoiceTask, *, is_single: bool) -> str:
    chosen = [f'<varequal respident="response">choice{at}</varequal>' for at in task.right]
    others = [
        f'<not><varequal respident="response">choice{at}</varequal></not>'
        for at in range(len(task.choices))
        if at not in task.right
    ]
    condition = chosen[0] if is_single else f"<and>{''.join(chosen + others)}</and>"
    shown = (
        '<respcondition continue="Yes"><conditionvar><other/></conditionvar>'
        f'<displayfeedback feedbacktype="Response" linkrefid="{_FEEDBACK}"/></respcondition>\n'
        if task.explanation
        else ""
    )
    return (
        f'<resprocessing>{_OUTCOMES}\n{shown}<respcondition continue="No"><conditionvar>{condition}</conditionvar>'
        f"{_FULL_SCORE}</respcondition></resprocessing>\n"
    )


def _write_feedback(task: ChoiceTask) -> str:
    if not task.explanation:
        return ""
    text = _write_material(render_blocks(task.explanation))
    return f'<itemfeedback ident="{_FEEDBACK}"><flow_mat>{text}</flow_mat></itemfeedback>\n'
