"""Questions as items of QTI 2.1, each a file."""

from __future__ import annotations

from lxml import etree

from structures.exports.choice_tasks import ChoiceTask
from structures.exports.lesson_html import escape_text, render_blocks
from structures.exports.qti.questions import Kind, Question

NAMESPACE = "http://www.imsglobal.org/xsd/imsqti_v2p1"
_TEMPLATES = "http://www.imsglobal.org/question/qti_v2p1/rptemplates"
_FEEDBACK = "explanation"
_SCORE = (
    '<outcomeDeclaration identifier="SCORE" cardinality="single" baseType="float" normalMaximum="1">'
    "<defaultValue><value>0</value></defaultValue></outcomeDeclaration>\n"
)


def write_item(question: Question) -> bytes:
    """Return the file of a question."""
    task = question.task
    explanation = convert_html(render_blocks(task.explanation)) if task is not None else ""
    shown = '<outcomeDeclaration identifier="FEEDBACK" cardinality="single" baseType="identifier"/>\n'
    feedback = (
        f'<modalFeedback outcomeIdentifier="FEEDBACK" identifier="{_FEEDBACK}" showHide="show">{explanation}'
        "</modalFeedback>\n"
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<assessmentItem xmlns="{NAMESPACE}" '
        f'identifier="{question.identifier}" title="{escape_text(question.row.title)}" adaptive="false" '
        f'timeDependent="false">\n{_declare_response(question)}{_SCORE}{shown if explanation else ""}'
        f"<itemBody>\n{convert_html(question.render_stem())}\n{_write_rubric(question)}{_write_interaction(question)}"
        f"</itemBody>\n{_write_processing(question, with_feedback=bool(explanation))}"
        f"{feedback if explanation else ''}</assessmentItem>\n"
    ).encode()


def convert_html(html: str) -> str:
    """Return HTML as QTI 2.1 takes it: without styles and first numbers of lists, and with a body in each table."""
    if not html:
        return ""
    root = etree.fromstring(f"<div>{html}</div>")
    for element in root.iter("*"):
        for name in ("style", "start"):
            element.attrib.pop(name, "")
        if element.tag == "table" and element.find("tbody") is None:
            for head in element.iterfind("thead"):
                head.tag = "tbody"
    return etree.tostring(root, encoding="unicode")


def _declare_response(question: Question) -> str:
    task = question.task
    if task is not None:
        cardinality = "single" if question.kind is Kind.ONE_CHOICE else "multiple"
        right = "".join(f"<value>choice{at}</value>" for at in task.right)
        return (
            f'<responseDeclaration identifier="RESPONSE" cardinality="{cardinality}" baseType="identifier">'
            f"<correctResponse>{right}</correctResponse></responseDeclaration>\n"
        )
    answers = [escape_text(answer) for answer in question.answers]
    entries = "".join(f'<mapEntry mapKey="{answer}" mappedValue="1" caseSensitive="false"/>' for answer in answers)
    inside = (
        f"<correctResponse><value>{answers[0]}</value></correctResponse>"
        f'<mapping lowerBound="0" upperBound="1" defaultValue="0">{entries}</mapping>'
        if answers
        else ""
    )
    return (
        f'<responseDeclaration identifier="RESPONSE" cardinality="single" baseType="string">{inside}'
        "</responseDeclaration>\n"
    )


def _write_rubric(question: Question) -> str:
    """Return what only those who grade see."""
    parts = [convert_html(question.render_solution()), convert_html(question.render_criteria())]
    inside = "".join(filter(None, parts))
    return f'<rubricBlock view="scorer">{inside}</rubricBlock>\n' if inside else ""


def _write_interaction(question: Question) -> str:
    if question.task is not None:
        return _write_choices(question.task, is_single=question.kind is Kind.ONE_CHOICE)
    if question.kind is Kind.SHORT_ANSWER:
        return '<p><textEntryInteraction responseIdentifier="RESPONSE"/></p>\n'
    return '<extendedTextInteraction responseIdentifier="RESPONSE"/>\n'


def _write_choices(task: ChoiceTask, *, is_single: bool) -> str:
    choices = "".join(
        f'<simpleChoice identifier="choice{at}">{escape_text(choice)}</simpleChoice>\n'
        for at, choice in enumerate(task.choices)
    )
    return (
        f'<choiceInteraction responseIdentifier="RESPONSE" shuffle="false" maxChoices="{1 if is_single else 0}">\n'
        f"{choices}</choiceInteraction>\n"
    )


def _write_processing(question: Question, *, with_feedback: bool) -> str:
    if question.kind is Kind.ESSAY:
        # People give the score.
        return ""
    if question.kind is Kind.SHORT_ANSWER:
        return f'<responseProcessing template="{_TEMPLATES}/map_response"/>\n'
    if not with_feedback:
        return f'<responseProcessing template="{_TEMPLATES}/match_correct"/>\n'
    return (
        '<responseProcessing>\n<responseCondition><responseIf><match><variable identifier="RESPONSE"/>'
        '<correct identifier="RESPONSE"/></match><setOutcomeValue identifier="SCORE">'
        '<baseValue baseType="float">1</baseValue></setOutcomeValue></responseIf></responseCondition>\n'
        f'<setOutcomeValue identifier="FEEDBACK"><baseValue baseType="identifier">{_FEEDBACK}</baseValue>'
        "</setOutcomeValue>\n</responseProcessing>\n"
    )
