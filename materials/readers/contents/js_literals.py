"""Read the literals of a JavaScript or TypeScript file: objects, lists, strings, numbers. Nothing is executed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from materials.readers.contents.errors import NotContents
from materials.readers.contents.yaml_values import MAX_DEPTH, MAX_VALUES

_BLANK = re.compile(r"(?:\s+|//[^\n]*|/\*.*?(?:\*/|\Z))+", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_NUMBER = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F]+|\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+)")
_STRING = re.compile(r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"|`(?:[^`\\]|\\.)*`", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|\r?\n|(.))", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": ""}
# What begins a value that the file names or gives to others: `const sidebars: SidebarsConfig = {`.
_BINDING = re.compile(
    r"\b(?:(?:const|let|var)\s+(?P<name>[A-Za-z_$][\w$]*)\s*(?::[^=;]{0,200})?=(?![=>])"
    r"|(?P<given>module\.exports|exports\.default|export\s+default)(?:\s*=(?!=)|(?=\s*[\[{])|\s+(?=[A-Za-z_$])))"
)
_QUOTES = {"'", '"', "`"}
_KEYWORDS: dict[str, Any] = {"true": True, "false": False, "null": None, "undefined": None}
_BRACKETS = {"(": ")", "[": "]", "{": "}"}

UNKNOWN = None
"""Stands for what only a program could tell: calls, conditions, functions."""


def read_exported(text: str) -> Any:
    """Return what a module exports as plain values; what its expressions would compute is None.

    A text that is a literal itself, such as JSON with comments, is read as that. Raises NotContents for a module
    without a literal, and for one that is cut off.
    """
    parser = _Parser(text=text)
    start = parser.skip_blank(0)
    if text[start : start + 1] in {"{", "["}:
        return parser.read_value(start, 0)[0]
    given: Any = None
    at = 0
    while binding := _BINDING.search(text, at):
        try:
            value, at = parser.read_value(parser.skip_blank(binding.end()), 0)
        except _Unreadable:
            at = binding.end()
            continue
        if binding["name"]:
            parser.names[binding["name"]] = value
        else:
            given = value
    if given is None:
        raise NotContents("it exports nothing that is written out in it.")
    return given


class _Unreadable(NotContents):
    """The text at a place is no literal."""


@dataclass
class _Parser:
    """Reads values by position; `names` are those that the module has bound so far."""

    text: str
    names: dict[str, Any] = field(default_factory=dict)
    _count: int = 0

    def skip_blank(self, at: int) -> int:
        """Return the position behind white space and comments."""
        found = _BLANK.match(self.text, at)
        return found.end() if found else at

    def read_value(self, at: int, depth: int) -> tuple[Any, int]:
        """Return the value that begins at a position, and the position behind it."""
        self._count += 1
        if depth > MAX_DEPTH or self._count > MAX_VALUES:
            raise NotContents("it is nested too deeply, or holds too much.")
        start = self.text[at : at + 1]
        value: Any
        if start == "{":
            value, at = self._read_object(at + 1, depth)
        elif start == "[":
            value, at = self._read_list(at + 1, depth)
        elif string := _STRING.match(self.text, at):
            value, at = _unescape(string[0]), string.end()
            if start == "`" and "${" in string[0]:
                value = UNKNOWN
        elif number := _NUMBER.match(self.text, at):
            value, at = _parse_number(number[0]), number.end()
        elif name := _NAME.match(self.text, at):
            value, at = self._resolve(name[0]), name.end()
        elif start == "(":
            value, at = UNKNOWN, self._skip_brackets(at)
        else:
            raise _Unreadable("it is not written in the plain form.")
        return self._skip_rest(value, at)

    def _resolve(self, name: str) -> Any:
        return _KEYWORDS[name] if name in _KEYWORDS else self.names.get(name, UNKNOWN)

    def _skip_rest(self, value: Any, at: int) -> tuple[Any, int]:
        """Return the value, or UNKNOWN when it is part of a longer expression, and the position behind that.

        TypeScript's `as const` and `satisfies Type` leave a value as it is.
        """
        while True:
            at = self.skip_blank(at)
            here = self.text[at : at + 1]
            if here in {"", ",", "]", "}", ")", ";"}:
                return value, at
            if name := _NAME.match(self.text, at):
                if name[0] in {"const", "let", "var", "export", "module", "exports", "import", "function"}:
                    return value, at  # the next statement, where no semicolon ends the last
                value = value if name[0] in {"as", "satisfies"} or isinstance(value, dict | list) else UNKNOWN
                at = name.end()
            elif here in _BRACKETS:
                value = UNKNOWN if here == "(" else value
                at = self._skip_brackets(at)
            elif string := _STRING.match(self.text, at):
                value, at = UNKNOWN, string.end()
            else:
                value = value if here in {"<", ">", ".", "|"} and isinstance(value, dict | list) else UNKNOWN
                at += 1

    def _read_list(self, at: int, depth: int) -> tuple[list[Any], int]:
        found: list[Any] = []
        while True:
            at = self.skip_blank(at)
            if self.text[at : at + 1] == "]":
                return found, at + 1
            if self.text[at : at + 1] == ",":
                at += 1
                continue
            is_spread = self.text.startswith("...", at)
            value, at = self.read_value(self.skip_blank(at + 3) if is_spread else at, depth + 1)
            if is_spread:
                found += value if isinstance(value, list) else []
                self._count += len(value) if isinstance(value, list) else 0
            else:
                found.append(value)

    def _read_object(self, at: int, depth: int) -> tuple[dict[str, Any], int]:
        found: dict[str, Any] = {}
        while True:
            at = self.skip_blank(at)
            if self.text[at : at + 1] == "}":
                return found, at + 1
            if self.text[at : at + 1] == ",":
                at += 1
                continue
            if self.text.startswith("...", at):
                value, at = self.read_value(self.skip_blank(at + 3), depth + 1)
                found |= value if isinstance(value, dict) else {}
                continue
            key, at = self._read_key(at)
            at = self.skip_blank(at)
            if self.text[at : at + 1] == ":":
                found[key], at = self.read_value(self.skip_blank(at + 1), depth + 1)
            elif self.text[at : at + 1] == "(":  # a method
                _, at = self._skip_rest(UNKNOWN, self._skip_brackets(at))
            else:  # a name alone stands for the value that is bound to it
                found[key] = self._resolve(key)

    def _read_key(self, at: int) -> tuple[str, int]:
        if string := _STRING.match(self.text, at):
            return _unescape(string[0]), string.end()
        if name := _NAME.match(self.text, at) or _NUMBER.match(self.text, at):
            return name[0], name.end()
        if self.text[at : at + 1] == "[":
            return "", self._skip_brackets(at)
        raise _Unreadable("it is not written in the plain form.")

    def _skip_brackets(self, at: int) -> int:
        """Return the position behind the bracket that closes the one at `at`."""
        waiting: list[str] = []
        while at < len(self.text):
            here = self.text[at]
            if here in _QUOTES:
                # A quote that does not end would be sought anew from every place behind it.
                if not (string := _STRING.match(self.text, at)):
                    break
                at = string.end()
                continue
            if (after := self.skip_blank(at)) > at:
                at = after
                continue
            at += 1
            if here in _BRACKETS:
                waiting.append(_BRACKETS[here])
            elif waiting and here == waiting[-1]:
                waiting.pop()
                if not waiting:
                    return at
        raise NotContents("it ends in the middle.")


def _unescape(quoted: str) -> str:
    def replace(found: re.Match[str]) -> str:
        code = found[1] or found[2] or found[3]
        if code:
            return chr(int(code, 16)) if int(code, 16) <= 0x10FFFF else ""
        return _ESCAPED.get(found[4], found[4]) if found[4] else ""

    return _ESCAPE.sub(replace, quoted[1:-1])


def _parse_number(text: str) -> float:
    return float(int(text, 16)) if text.lower().lstrip("+-").startswith("0x") else float(text)
