"""Split HTML source into tokens in time that grows with its length, whatever is in it.

Tokens are those of the HTML standard (13.2.5): comments and raw text that never end go on to the end of the source.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape

# Attributes of one element. libxml2 compares each attribute of an element with all before it: 200,000 of them take a
# minute. Elements of real pages have some twenty at most.
MAX_ATTRIBUTES = 200

# Names end before `<`, unlike those of the standard: `<a<a<a` would else be read again from each `<` to its end.
_ATTRIBUTE = r"[^\s/>][^\s/><=]*+(?:\s*+=\s*+(?:\"[^\"]*+\"?+|'[^']*+'?+|[^\s>\"'][^\s>]*+))?+"
_ATTRIBUTES = rf"(?:[\s/]*+{_ATTRIBUTE}){{0,{MAX_ATTRIBUTES}}}+[\s/]*+"
_NAME = r"[a-z][^\s/><]*+"
_RAW_TEXT_NAMES = "script|style|xmp|iframe|noembed|noframes|textarea|title"
_COMMENT = r"<!--(?:-?>|.*?--!?>|.*)"
_RAW_TEXT = (
    rf"<(?P<raw>{_RAW_TEXT_NAMES})(?=[\s/>])(?P<raw_attributes>{_ATTRIBUTES})>(?P<source>.*?(?=</(?P=raw)[\s/>])|.*)"
)
_FLAGS = re.IGNORECASE | re.DOTALL
# What must not be looked into comes first: a listing of markup in a script or comment has no elements.
_CROWDED_TAG = re.compile(
    rf"{_COMMENT}|(?P<kept><{_NAME}(?:[\s/]*+{_ATTRIBUTE}){{{MAX_ATTRIBUTES}}}+)(?P<rest>(?:[\s/]*+{_ATTRIBUTE})*+)"
    rf"|{_RAW_TEXT}",
    _FLAGS,
)
_TOKEN = re.compile(
    rf"(?P<comment>{_COMMENT}|<[!?][^>]*+>?)|{_RAW_TEXT}|</(?P<end>{_NAME})[^>]*+>?"
    rf"|<(?P<start>{_NAME})(?P<attributes>{_ATTRIBUTES})>|(?P<text>[^<]++|<)",
    _FLAGS,
)
_NAMED_VALUE = re.compile(
    r"([^\s/>][^\s/><=]*+)(?:\s*+=\s*+(?:\"([^\"]*+)\"?+|'([^']*+)'?+|([^\s>\"'][^\s>]*+)))?+", _FLAGS
)
# Their text has no character references (HTML 13.1.2); that of `textarea` and `title` has.
_LITERAL_TEXT_NAMES = {"script", "style", "xmp", "iframe", "noembed", "noframes"}


@dataclass(frozen=True)
class StartTag:
    """The start of an element; for raw text, such as a script, `text` is its content and no end follows."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    text: str | None = None


@dataclass(frozen=True)
class EndTag:
    """The end of an element."""

    name: str


def limit_attributes(source: str) -> tuple[str, list[str]]:
    """Return HTML source in which no element has more than MAX_ATTRIBUTES attributes, and the comments in it.

    Further attributes are cut off; comments stay where they are.
    """
    comments: list[str] = []

    def replace_token(found: re.Match[str]) -> str:
        if found["kept"] is not None:
            return found["kept"]
        if found.group().startswith("<!--"):
            comments.append(found.group()[4:].removesuffix("-->"))
        return found.group()

    return _CROWDED_TAG.sub(replace_token, source), comments


def iter_tokens(source: str) -> Iterator[StartTag | EndTag | str]:
    """Yield the tags and texts of HTML source whose attributes are limited, without comments."""
    for found in _TOKEN.finditer(source):
        if found["text"] is not None:
            yield unescape(found["text"])
        elif found["start"] is not None:
            yield StartTag(found["start"].lower(), _parse_attributes(found["attributes"]))
        elif found["end"] is not None:
            yield EndTag(found["end"].lower())
        elif found["raw"] is not None:
            name, text = found["raw"].lower(), found["source"]
            yield StartTag(
                name,
                _parse_attributes(found["raw_attributes"]),
                text if name in _LITERAL_TEXT_NAMES else unescape(text),
            )


def _parse_attributes(source: str) -> dict[str, str]:
    """Return the values of attributes by name in lower case; of several with one name the first counts."""
    values: dict[str, str] = {}
    for name, double, single, bare in _NAMED_VALUE.findall(source):
        values.setdefault(name.lower(), unescape(double or single or bare))
    return values
