"""Read problems of Open edX (OLX): what is asked, the choices, and the solution."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape
from typing import Any

from lxml import etree

from materials.documents import Document
from materials.readers.quizzes.questions import Question, build_document
from materials.readers.quizzes.xml_trees import render_inside

_RESPONSES = {
    "multiplechoiceresponse",
    "choiceresponse",
    "optionresponse",
    "stringresponse",
    "numericalresponse",
    "truefalseresponse",
    "formularesponse",
    "customresponse",
}
_SOLUTIONS = {"solution"}
_IGNORED = {"script", "style", "demandhint", "compoundhint"}
_STEM_TAGS = ("label", "description", "p", "legend")
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"")

# The shorthand of Studio, in the attribute `markdown`.
_MARKDOWN_CHOICE = re.compile(r"^\s*(?:\((?P<one>[xX ]?)\)|\[(?P<many>[xX ]?)\])\s*(?P<text>\S.*)$")
_MARKDOWN_ANSWER = re.compile(r"^\s*(?:or\s*)?=\s*(?P<text>\S.*)$")
_MARKDOWN_OPTIONS = re.compile(r"\[\[(?P<options>[^\]]{1,2000})\]\]")
_MARKDOWN_HINT = re.compile(r"\{\{.{0,500}?\}\}")
_MARKDOWN_LABEL = re.compile(r">>(?P<text>.{0,1000}?)(?:\|\|(?P<note>.{0,1000}?))?<<", re.DOTALL)
_MARKDOWN_EXPLANATION = re.compile(r"\[explanation\](?P<text>.*?)\[explanation\]", re.DOTALL | re.IGNORECASE)
_MARKDOWN_DEMAND_HINT = re.compile(r"^\|\|(?P<text>.+?)\|\|\s*$", re.MULTILINE)


@dataclass
class _Asked:
    """The questions of a problem so far, and the text that the next one begins with."""

    questions: list[Question] = field(default_factory=list)
    stem: list[str] = field(default_factory=list)


def read_olx(root: Any) -> Document:
    """Return the document of a `problem` element. Raises UnreadableDocument without questions."""
    title = root.get("display_name") or ""
    if next(root.iter(*_RESPONSES), None) is None and root.get("markdown"):
        return build_document(title, _read_markdown(root.get("markdown")))
    asked = _Asked()
    _collect_questions(root, asked)
    solutions = [render_inside(each) for each in root.iter(*_SOLUTIONS)]
    hints = tuple(render_inside(hint) for each in root.iter("demandhint") for hint in each.iter("hint"))
    questions = asked.questions
    if not questions:
        questions = [Question(stem="".join(asked.stem), explanation=tuple(solutions), hints=hints)]
    else:
        last = questions[-1]
        questions[-1] = Question(
            stem=last.stem, choices=last.choices, answers=last.answers, hints=hints,
            explanation=(*last.explanation, *solutions),
        )  # fmt: skip
    return build_document(title, questions)


def _collect_questions(element: Any, asked: _Asked) -> None:
    """Collect the text and the responses inside an element, in order."""
    asked.stem.append(escape((element.text or "").strip()))
    for child in element:
        if child.tag in _RESPONSES:
            asked.questions.append(_read_response(child, "".join(asked.stem)))
            asked.stem = []
        elif child.tag in _SOLUTIONS | _IGNORED:
            pass
        elif next(child.iter(*_RESPONSES), None) is not None:
            _collect_questions(child, asked)
        else:
            asked.stem.append(_render(child))
        asked.stem.append(escape((child.tail or "").strip()))


def _render(element: Any) -> str:
    # Labels and descriptions are no elements of HTML that end a paragraph.
    text = etree.tostring(element, encoding="unicode", method="html", with_tail=False)
    return f"<p>{render_inside(element)}</p>" if element.tag in {"label", "description"} else text


def _read_response(response: Any, stem: str) -> Question:
    stem += "".join(_render(child) for child in response if child.tag in _STEM_TAGS)
    for child in response:
        if child.tag in {"textline", "formulaequationinput"} and child.get("label"):
            stem += f"<p>{escape(child.get('label'))}</p>"
    choices = [(render_inside(c, without=_HINT_TAGS), _is_true(c.get("correct"))) for c in response.iter("choice")]
    choices += [(render_inside(o, without=_HINT_TAGS), _is_true(o.get("correct"))) for o in response.iter("option")]
    for given in response.iter("optioninput"):
        options = [one or two for one, two in _QUOTED.findall(given.get("options") or "")]
        choices += [(escape(option), option == given.get("correct")) for option in options]
    answers = [text for text, is_right in choices if is_right]
    if response.tag in {"stringresponse", "numericalresponse", "formularesponse"}:
        given_answers = [response, *response.iter("additional_answer")]
        answers += [escape(each.get("answer")) for each in given_answers if each.get("answer")]
        tolerance = next((p.get("default") for p in response.iter("responseparam") if p.get("default")), "")
        answers = [f"{answer} ± {escape(tolerance)}" if tolerance else answer for answer in answers]
    solutions = tuple(render_inside(each) for each in response.iter(*_SOLUTIONS))
    for each in list(response.iter(*_SOLUTIONS)):  # else found again in the problem as a whole
        each.getparent().remove(each)
    return Question(
        stem=stem, choices=tuple(text for text, _ in choices if text), answers=tuple(answers), explanation=solutions
    )


_HINT_TAGS = frozenset({"choicehint", "optionhint"})


def _is_true(value: str | None) -> bool:
    return (value or "").lower() in {"true", "1"}


def _read_markdown(text: str) -> list[Question]:
    """Return the questions in the shorthand of Studio; a rule of dashes stands between them."""
    return [_read_markdown_question(part) for part in re.split(r"^-{3,}\s*$", text, flags=re.MULTILINE)]


def _read_markdown_question(text: str) -> Question:
    explanation = tuple(_to_paragraph(found["text"]) for found in _MARKDOWN_EXPLANATION.finditer(text))
    hints = tuple(_to_paragraph(found["text"]) for found in _MARKDOWN_DEMAND_HINT.finditer(text))
    text = _MARKDOWN_DEMAND_HINT.sub("", _MARKDOWN_EXPLANATION.sub("", text))
    text = _MARKDOWN_LABEL.sub(lambda found: f"{found['text']}\n{found['note'] or ''}", text)
    stem: list[str] = []
    choices: list[str] = []
    answers: list[str] = []
    for line in _MARKDOWN_HINT.sub("", text).split("\n"):
        if (choice := _MARKDOWN_CHOICE.match(line)) is not None:
            choices.append(escape(choice["text"].strip()))
            if (choice["one"] or choice["many"] or "").strip():
                answers.append(choices[-1])
        elif (answer := _MARKDOWN_ANSWER.match(line)) is not None:
            answers.append(escape(answer["text"].strip()))
        elif (options := _MARKDOWN_OPTIONS.search(line)) is not None:
            for option in re.split(r"[,\n]", options["options"]):
                is_right = option.strip().startswith("(") and option.strip().endswith(")")
                choices.append(escape(option.strip().strip("()")))
                answers.extend(choices[-1:] if is_right else [])
        elif line.strip() and set(line.strip()) - set("=-"):
            stem.append(_to_paragraph(line))
    return Question(
        stem="".join(stem), choices=tuple(choices), answers=tuple(answers), explanation=explanation, hints=hints
    )


def _to_paragraph(text: str) -> str:
    return "".join(f"<p>{escape(line.strip())}</p>" for line in text.split("\n") if line.strip())
