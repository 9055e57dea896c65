"""Rules of XML elements: which children they hold in which order, which attributes, and whether they hold text.

They are of what this program writes: less than a schema allows, so that whatever they accept a schema accepts, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class ElementRule:
    """The rule of one element.

    `children` is a regular expression of their names, each with a space behind it. `required` and `optional` are
    attributes with the values that they take; no values for any.
    """

    children: str = ""
    required: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    optional: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    has_text: bool = False


def find_rule_faults(root: Any, rules: Mapping[str, ElementRule]) -> Iterator[str]:
    """Yield what breaks the rules, which are by qualified name, in an element and all those in it."""
    for element in root.iter():
        name = _shorten(element.tag)
        rule = rules.get(element.tag)
        if rule is None:
            yield f"{name}: there is no such element"
            continue
        yield from (f"{name}: {fault}" for fault in _find_faults(element, rule))


def _find_faults(element: Any, rule: ElementRule) -> Iterator[str]:
    children = "".join(f"{_shorten(child.tag)} " for child in element)
    if not re.fullmatch(rule.children, children):
        yield f"it holds {children[:100].strip() or 'nothing'}, in the order or number of which it may not"
    known = {**rule.required, **rule.optional}
    for attribute, value in element.attrib.items():
        if attribute not in known:
            yield f"it has no attribute {attribute[:100]!r}"
        elif known[attribute] and value not in known[attribute]:
            yield f"the attribute {attribute!r} is {value[:100]!r}"
    yield from (f"the attribute {each!r} is missing" for each in rule.required if each not in element.attrib)
    texts = [element.text, *(child.tail for child in element)]
    if not rule.has_text and any(text and text.strip() for text in texts):
        yield "it holds text"


def _shorten(tag: str) -> str:
    return tag.rpartition("}")[2]
