"""Parse components of MDX and Vue in Markdown, such as `<TabItem label="Mac">`, and the words in their attributes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape, unescape

# Characters in which the end of a tag is searched: a quiz with all its answers is one tag.
_MAX_TAG_LENGTH = 20_000
# Braces in braces in the code of an attribute. Nobody writes so many, and a text of opening ones would be read from
# each of them to the end of the tag.
_MAX_BRACES = 100
# Lines of an import or export: a table of data is shorter. What is longer is text.
_MAX_STATEMENT_LINES = 200

# Names of HTML elements have no lower case behind a capital where authors write capitals at all.
_TAG_START = re.compile(r"<(?P<end>/?)(?P<name>[A-Z]\w*[a-z]\w*(?:\.\w+)*)(?=[\s/>]|$)")
_ATTRIBUTE = re.compile(
    r"\s*(?P<name>[\w:@.$-]+)(?:\s*=\s*(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|(?=(?P<expression>\{))))?"
)
_SPREAD = re.compile(r"\s*(?=\{)")
_TAG_END = re.compile(r"\s*(?P<closed>/?)>")
_STRING = r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`(?:[^`\\$]|\\.|\$(?!\{))*`"
_EXPRESSION_PART = re.compile(
    rf"(?:(?P<key>\w+|\"\w+\"|'\w+')\s*:\s*)?(?P<string>{_STRING})|(?P<bracket>[{{}}\[\]()])", re.DOTALL
)
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`|[{}]", re.DOTALL)
# Only what is no sentence, such as "export default settings with the button": names and signs follow as in code.
_STATEMENT = re.compile(
    r"import\s+(?:[\w*{][^'\"]{0,200}?\s+from\s+)?['\"][^'\"]{1,200}['\"]\s*(?:;.*|//.*)?$"
    r"|import\s+[\w*,\s]*\{[^}'\"]*$"
    r"|export\s+(?:default\s+)?(?:(?:async\s+)?function\s*\*?\s*\w*\s*\(|class\s+\w+\s*(?:extends\s+[\w.]+\s*)?\{|\{)"
    r"|export\s+default\s+(?:[(\[<]|\w+\s*=>|[\w.]+\(|[A-Z][\w.]*\s*;?\s*$|[\w.]+\s*;\s*$)"
    r"|export\s+(?:(?:const|let|var)\s+(?:\w+\s*[=:]|[{\[])|\*\s+(?:as\s+\w+\s+)?from\s+['\"])"
)
# A call with a function, or a condition before an element.
_EXPRESSION_START = re.compile(r"[ \t]*\{[ \t]*[\w$!][^`]*(?:=>|&&[ \t]*[(<]|\?[ \t]*[(<])")
# Attributes whose values are words that a reader of the page sees.
_TEXT_NAMES = {
    "label", "title", "subtitle", "summary", "caption", "alt", "text", "header", "heading", "description", "question",
    "answer", "explain", "explanation", "hint", "feedback", "prompt", "content", "tip", "option", "term", "definition",
}  # fmt: skip
_LIST_NAMES = {
    "options",
    "choices",
    "answers",
    "items",
    "questions",
    "steps",
    "values",
    "data",
    "tabs",
    "cards",
    "list",
}
_LINK_NAMES = ("href", "to", "link", "url")


@dataclass(frozen=True, kw_only=True)
class ComponentTag:
    """A tag of a component. `values` are attributes with a string, `expressions` those with code, as it is written."""

    name: str
    is_end: bool
    is_closed: bool
    values: dict[str, str]
    expressions: dict[str, str]
    source: str

    @property
    def target(self) -> str:
        """Where the component leads, blank when it is no link."""
        return next((self.values[name] for name in _LINK_NAMES if self.values.get(name)), "")

    @property
    def is_link(self) -> bool:
        """Whether the component is a link inside of text, such as `Link` or `RouterLink`."""
        return self.name.endswith("Link")

    def list_words(self) -> list[str]:
        """Return what the attributes say, as lines of Markdown: a paragraph of each, choices as a list."""
        words = [value for name, value in self.values.items() if name.lower() in _TEXT_NAMES and value.strip()]
        if not words and self.name == "TabItem" and self.values.get("value"):
            words = [self.values["value"]]  # Docusaurus shows the value of a tab without a label
        lines = [line for text in words for line in (_format_words(text), "")]
        for name, code in self.expressions.items():
            lines.extend(_list_strings(name, code))
        return lines


def parse_component_tag(text: str, at: int = 0) -> ComponentTag | None:
    """Return the tag of a component that begins at a position; None when none does or it does not end."""
    found = _TAG_START.match(text, at)
    if found is None:
        return None
    values: dict[str, str] = {}
    expressions: dict[str, str] = {}
    position, limit = found.end(), at + _MAX_TAG_LENGTH
    while position < limit:
        if (end := _TAG_END.match(text, position)) is not None:
            return ComponentTag(
                name=found["name"],
                is_end=bool(found["end"]),
                is_closed=bool(end["closed"]),
                values=values,
                expressions=expressions,
                source=text[at : end.end()],
            )
        if (attribute := _ATTRIBUTE.match(text, position)) is not None:
            position = attribute.end()
            if attribute["expression"]:
                end_of_code = _find_closing_brace(text, position, limit)
                expressions[attribute["name"]] = text[position + 1 : end_of_code - 1]
                position = end_of_code
            else:
                values[attribute["name"]] = attribute["double"] or attribute["single"] or ""
        elif (spread := _SPREAD.match(text, position)) is not None:
            position = _find_closing_brace(text, spread.end(), limit)
        else:
            return None
    return None


def is_component_start(text: str) -> bool:
    """Tell whether text begins like a tag of a component."""
    return _TAG_START.match(text) is not None


def find_ended_names(text: str) -> frozenset[str]:
    """Return the names of the components of a text that have an end tag."""
    return frozenset(found["name"] for found in _TAG_START.finditer(text) if found["end"])


def split_components(text: str) -> Iterator[ComponentTag | str]:
    """Yield the tags of components in a text and what stands between them, in order."""
    done = at = 0
    while (found := _TAG_START.search(text, at)) is not None:
        tag = parse_component_tag(text, found.start())
        if tag is None:
            at = found.end()
            continue
        if text[done : found.start()].strip():
            yield text[done : found.start()]
        yield tag
        done = at = found.start() + len(tag.source)
    if text[done:].strip():
        yield text[done:]


def has_text_behind(text: str, first: ComponentTag) -> bool:
    """Tell whether text stands behind the component whose tag begins a line: it is a part of that text then."""
    end = len(first.source) if first.is_closed or first.is_end else text.rfind(f"</{first.name}>")
    if end < 0:
        return False
    rest = text[end:].removeprefix(f"</{first.name}>").strip()
    return bool(rest) and not is_component_start(rest)


def count_statement_lines(lines: list[str], at: int) -> int:
    """Return how many lines an import or export of MDX takes that begins at a line; 0 when none does."""
    if _STATEMENT.match(lines[at]) is None:
        return 0
    depth = 0
    for number in range(at, min(len(lines), at + _MAX_STATEMENT_LINES)):
        depth += sum(lines[number].count(sign) for sign in "{[(") - sum(lines[number].count(sign) for sign in "}])")
        is_last = number + 1 == len(lines) or not lines[number + 1].strip()
        if depth <= 0 and (is_last or number > at or lines[number].rstrip().endswith(";") or "import" in lines[at]):
            return number + 1 - at
    return 0


def count_expression_lines(lines: list[str], at: int) -> int:
    """Return how many lines an expression of MDX takes that begins at a line, such as `{items.map(`; 0 for text."""
    if _EXPRESSION_START.match(lines[at]) is None:
        return 0
    code = "\n".join(lines[at : at + _MAX_STATEMENT_LINES])
    end = _find_closing_brace(code, code.index("{"), len(code) + 1)
    if end > len(code) or code[end:].partition("\n")[0].strip():  # not ended, or a part of a sentence
        return 0
    return code.count("\n", 0, end) + 1


def _find_closing_brace(text: str, at: int, limit: int) -> int:
    """Return the position behind the brace that closes the one at `at`; `limit` when there is none before it.

    Behind more than _MAX_BRACES open ones none is looked for.
    """
    depth = 0
    for found in _QUOTED.finditer(text, at, limit):
        depth += (found.group() == "{") - (found.group() == "}")
        if depth == 0:
            return found.end()
        if depth > _MAX_BRACES:
            break
    return limit


def _list_strings(name: str, code: str) -> list[str]:
    """Return the words in the code of an attribute: one string as it is, those in objects and lists as a list."""
    lines: list[str] = []
    brackets: list[str] = []
    is_first = True
    for found in _EXPRESSION_PART.finditer(code):
        if (bracket := found["bracket"]) is not None:
            if bracket in "{[(":
                brackets.append(bracket)
                is_first = True
            elif brackets:
                brackets.pop()
            continue
        key = (found["key"] or "").strip("\"'").lower()
        around = brackets[-1] if brackets else ""
        is_text = (
            key in _TEXT_NAMES
            if key
            else name.lower() in _TEXT_NAMES or (around == "[" and name.lower() in _LIST_NAMES)
        )
        words = _format_words(re.sub(r"\\(.)", r"\1", found["string"][1:-1]))
        if not is_text or not words:
            continue
        lines.append(words if not around else f"- {words}" if is_first or around == "[" else f"  - {words}")
        is_first = False
    return lines


def _format_words(text: str) -> str:
    """Return the words of an attribute as Markdown in one line, whose signs are no tags; code in it stays as it is."""
    parts = " ".join(unescape(text).split()).split("`")
    if len(parts) % 2 == 0:
        return escape("`".join(parts), quote=False)
    return "`".join(part if number % 2 else escape(part, quote=False) for number, part in enumerate(parts))
