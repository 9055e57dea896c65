"""Where the references of a reStructuredText lead: targets by name, and anonymous ones in their order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

_NAMED = re.compile(r"[ ]*\.\.[ ]+_(?:`([^`]{1,200})`|(?!_:)([^:`]{1,200}(?:\\:[^:]{0,200})*)):(?:[ ]+(.*))?$")
# `.. __: https://...`, and in short `__ https://...`.
_ANONYMOUS = re.compile(r"[ ]*(?:\.\.[ ]+__:|__)[ ]+(\S.*)$")
_EMBEDDED = re.compile(r"(?P<said>.*?)\s*<(?P<target>[^<>]+)>$", re.DOTALL)
# Targets that lead to another target; the number bounds circles.
_MAX_STEPS = 10


@dataclass
class References:
    """The targets of one text. Anonymous references take theirs in order, each once."""

    _targets: dict[str, str] = field(default_factory=dict)
    _found: set[str] = field(default_factory=set)
    _anonymous: Iterator[str] = field(default_factory=lambda: iter(()))

    @classmethod
    def from_lines(cls, lines: Sequence[str]) -> References:
        """Return the references of a text; targets may stand after what refers to them."""
        targets: dict[str, str] = {}
        anonymous: list[str] = []
        for number, line in enumerate(lines):
            if (found := _ANONYMOUS.match(line)) is not None:
                anonymous.append(found.group(1).strip())
            elif (named := _NAMED.match(line)) is not None:
                below = lines[number + 1].strip() if number + 1 < len(lines) and lines[number + 1][:1] == " " else ""
                address = (named.group(3) or below).strip()
                targets.setdefault(_normalize_name(named.group(1) or named.group(2)), address)
        return cls(targets, _anonymous=iter(anonymous))

    def find_target(self, name: str) -> str:
        """Return where a name leads; blank for a place in the text and for an unknown name."""
        for _ in range(_MAX_STEPS):
            self._found.add(_normalize_name(name))
            name = self._targets.get(_normalize_name(name), "")
            if not name.endswith("_") or "/" in name:
                return name
            name = name[:-1].strip("`")
        return ""

    def take_anonymous(self) -> str:
        """Return the next anonymous target; blank when there are no more."""
        target = next(self._anonymous, "")
        return self.find_target(target[:-1].strip("`")) if target.endswith("_") and "/" not in target else target

    def list_unused(self) -> list[str]:
        """Return the targets outside of the text that nothing led to so far."""
        named = (target for name, target in self._targets.items() if target and name not in self._found)
        return [*named, *self._anonymous]


def is_anonymous_target(line: str) -> bool:
    """Tell whether a line is an anonymous target in its short form."""
    return line.startswith("__ ") and _ANONYMOUS.match(line) is not None


def split_reference(text: str) -> tuple[str, str]:
    """Return the words of a reference and the target that it names itself: of `here <a.html>` both; else blank."""
    found = _EMBEDDED.fullmatch(text)
    if found is None:
        return text, ""
    return found["said"] or found["target"], found["target"]


def _normalize_name(name: str) -> str:
    return " ".join(name.replace("\\", "").lower().split())
