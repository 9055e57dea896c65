r"""Format the EQ fields of Word (ECMA-376 Part 1, 17.16.5.22), in which old documents hold formulas, as text.

An instruction has a letter, options and arguments: `\f(1,2)` is a fraction, `\s\up8(2)` is raised. The result is TeX
between dollar signs where it has a structure, as `equations` writes it, else plain text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from materials.readers.office.docx_styles import parse_bounded_int

# Fields are nested by hand; a hostile one must not exhaust the stack.
_MAX_DEPTH = 30
# Options are letters and a number behind the instruction's: \up8, \co2, \bc\{ (a bracket), \* jc2 (formatting).
_OPTION = re.compile(r"\\(?P<name>[a-z]{2}|\*|fc|vc)[ ]?(?P<value>\\.|-?\d+)?[ ]*", re.IGNORECASE)
_FORMATTING = re.compile(r'\\\*\s*(?:"[^"]*"|\S+)\s*')
_INSTRUCTION = re.compile(r"\\(?P<name>[abdfilorsx])(?![a-z])[ ]*", re.IGNORECASE)
_TEX_STRUCTURE = re.compile(r"[\\^_]")
_SHORT_SCRIPT = re.compile(r"([\^_])\{(\w)\}")
_BRACKETS = {"(": ")", "[": "]", "{": "}", "<": ">"}
# Numbers in a circle, which East Asian documents write as one sign over another.
_CIRCLES = "○◯〇"


@dataclass
class _Code:
    text: str
    at: int = 0

    @property
    def sign(self) -> str:
        """The next character, blank at the end."""
        return self.text[self.at : self.at + 1]


def format_eq_field(code: str) -> str:
    """Return what the code of an EQ field, without its name, shows."""
    tex = " ".join(_format_sequence(_Code(_FORMATTING.sub("", code)), depth=0, ends="").split())
    tex = _SHORT_SCRIPT.sub(r"\1\2", tex)
    return f"${tex}$" if _TEX_STRUCTURE.search(tex) else tex


def _format_sequence(code: _Code, *, depth: int, ends: str) -> str:
    """Format text and instructions up to one of the characters `ends`, which is not consumed."""
    parts: list[str] = []
    while code.at < len(code.text) and code.text[code.at] not in (ends or "\0"):
        sign = code.text[code.at]
        if found := _INSTRUCTION.match(code.text, code.at):
            code.at = found.end()
            parts.append(_format_instruction(found["name"].lower(), code, depth=depth + 1))
        elif sign == "\\":  # an escaped comma, bracket or backslash
            parts.append(code.text[code.at + 1 : code.at + 2])
            code.at += 2
        elif sign == "(" and ends:  # brackets of the text itself are balanced
            code.at += 1
            parts.append(f"({_format_sequence(code, depth=depth, ends=')')})" if depth < _MAX_DEPTH else "(")
            code.at += depth < _MAX_DEPTH
        else:
            parts.append(sign)
            code.at += 1
    return "".join(parts)


def _format_instruction(name: str, code: _Code, *, depth: int) -> str:
    options: dict[str, str] = {}
    while found := _OPTION.match(code.text, code.at):
        options[found["name"].lower()] = (found["value"] or "").removeprefix("\\")
        code.at = found.end()
    arguments = _parse_arguments(code, depth=depth)
    first = arguments[0] if arguments else ""
    match name:
        case "f":
            return rf"\frac{{{first}}}{{{arguments[1] if len(arguments) > 1 else ''}}}"
        case "r":
            degree, inside = (arguments if len(arguments) > 1 else ["", first])[:2]
            return rf"\sqrt[{degree}]{{{inside}}}" if degree else rf"\sqrt{{{inside}}}"
        case "s":
            return _format_script(first, arguments, options)
        case "i":
            sign = r"\sum" if "su" in options else r"\prod" if "pr" in options else r"\int"
            low, high, inside = (*arguments, "", "", "")[:3]
            return f"{sign}{f'_{{{low}}}' if low else ''}{f'^{{{high}}}' if high else ''} {inside}"
        case "b":
            left = options.get("bc") or options.get("lc") or "("
            right = options.get("rc") or _BRACKETS.get(options.get("bc", "("), options.get("bc", ")"))
            left, right = (f"\\{sign}" if sign in "{}" else sign for sign in (left, right))
            return rf"\left{left}{', '.join(arguments)}\right{right}"
        case "a":
            columns = parse_bounded_int(options.get("co")) or 1
            rows = [arguments[at : at + max(1, columns)] for at in range(0, len(arguments), max(1, columns))]
            return r"\begin{matrix} " + r" \\ ".join(" & ".join(row) for row in rows) + r" \end{matrix}"
        case "x":
            return rf"\boxed{{{first}}}"
        case "o":
            return _format_overstrike(arguments)
        case "l":
            return ", ".join(arguments)
    return " "  # \d moves to the right


def _format_script(first: str, arguments: list[str], options: dict[str, str]) -> str:
    if len(arguments) > 1:  # the first above the second
        return f"^{{{first}}}_{{{arguments[1]}}}"
    return f"{'_' if 'do' in options else '^'}{{{first}}}"


def _format_overstrike(arguments: list[str]) -> str:
    """Return signs that are printed over each other: a number in a circle as such, else the signs in their order."""
    plain = [argument for argument in arguments if argument and argument not in _CIRCLES]
    if len(plain) == 1 and len(plain) < len(arguments) and 1 <= (parse_bounded_int(plain[0]) or 0) <= 20:
        return chr(0x245F + int(plain[0]))
    # A phonetic guide is raised over its characters.
    guides = [argument.strip("^{}") for argument in plain if argument.startswith("^")]
    base = "".join(argument for argument in plain if not argument.startswith("^"))
    return f"{base}({''.join(guides)})" if guides and base else base or "".join(plain)


def _parse_arguments(code: _Code, *, depth: int) -> list[str]:
    if code.sign != "(" or depth > _MAX_DEPTH:
        return []
    code.at += 1
    # Arguments are separated by the list separator of the author's system: a comma or, where that is the decimal sign,
    # a semicolon.
    separator = ";" if _has_separator(code, ";") else ","
    arguments = []
    while code.at < len(code.text):
        arguments.append(_format_sequence(code, depth=depth, ends=f"{separator})").strip())
        sign = code.sign
        code.at += 1
        if sign != separator:
            break
    return arguments


def _has_separator(code: _Code, separator: str) -> bool:
    """Tell whether a separator stands in the brackets that begin at the place."""
    text, at, level = code.text, code.at, 0
    while at < len(text) and level >= 0:
        if text[at] == "\\":
            at += 1
        elif text[at] == separator and not level:
            return True
        level += {"(": 1, ")": -1}.get(text[at : at + 1], 0)
        at += 1
    return False
