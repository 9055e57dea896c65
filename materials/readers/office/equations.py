"""Format the equations of Word and PowerPoint (OMML, ECMA-376 Part 1, 22.1) as text.

An equation that needs no structure stays plain text (a + b = c); any other becomes TeX between dollar signs, the
notation that the readers of Markdown, HTML and notebooks keep as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from materials.readers.office.ooxml import M

_TEX_SPECIAL = re.compile(r"([%#&$_{}^])")
_TEX_STRUCTURE = re.compile(r"[\\^_]")
_OPERATORS = {
    "∑": r"\sum",
    "∏": r"\prod",
    "∐": r"\coprod",
    "∫": r"\int",
    "∬": r"\iint",
    "∭": r"\iiint",
    "∮": r"\oint",
    "⋃": r"\bigcup",
    "⋂": r"\bigcap",
    "⋁": r"\bigvee",
    "⋀": r"\bigwedge",
}
# OMML stores an accent as the combining character.
_ACCENTS = {
    "\u0302": r"\hat",
    "\u0303": r"\tilde",
    "\u0304": r"\bar",
    "\u0305": r"\overline",
    "\u0307": r"\dot",
    "\u0308": r"\ddot",
    "\u20d7": r"\vec",
    "\u20d6": r"\overleftarrow",
    "\u030c": r"\check",
    "\u0306": r"\breve",
}
# Functions that TeX has a command for, which sets them upright.
_FUNCTIONS = {
    "sin",
    "cos",
    "tan",
    "cot",
    "sec",
    "csc",
    "arcsin",
    "arccos",
    "arctan",
    "sinh",
    "cosh",
    "tanh",
    "log",
    "ln",
    "lg",
    "exp",
    "lim",
    "max",
    "min",
    "sup",
    "inf",
    "det",
    "dim",
    "ker",
    "gcd",
    "arg",
    "deg",
    "Pr",
}
# What may not follow \left or \right as it is; a dot stands for no delimiter.
_DELIMITERS = {"{": r"\{", "}": r"\}", "": ".", "⟨": r"\langle ", "⟩": r"\rangle ", "‖": r"\|"}
_PROPERTIES = re.compile(r"Pr$")


def format_equation(element: Any) -> str:
    """Return an m:oMath element, or the equations of an m:oMathPara one below the other, as text."""
    if element.tag == f"{M}oMathPara":
        return "\n".join(filter(None, (format_equation(inner) for inner in element.iterchildren(f"{M}oMath"))))
    tex = " ".join(_format_children(element).split())
    if not tex:
        return ""
    return f"${tex}$" if _TEX_STRUCTURE.search(tex) else tex


def _format_children(element: Any) -> str:
    """Return the TeX of the children of an element, joined; unknown elements count as their children."""
    parts: list[str] = []
    for child in element:
        name = child.tag.rpartition("}")[2]
        if child.tag.startswith(M):
            write = _FORMATTERS.get(name)
            if write is not None:
                parts.append(write(child))
            elif not _PROPERTIES.search(name):
                parts.append(_format_children(child))
        elif name not in {"del", "moveFrom", "rPr"}:  # deleted text of tracked changes, and formatting
            parts.append(_format_children(child))
    return "".join(parts)


def _format_part(element: Any, name: str) -> str:
    found = element.find(f"{M}{name}")
    return _format_children(found).strip() if found is not None else ""


def _get_property(element: Any, group: str, name: str, default: str) -> str:
    """Return the value of a property, `default` for a missing one."""
    # A property without value is on, but one that names a character (chr, begChr, endChr, sepChr) then names none.
    found = element.find(f"{M}{group}/{M}{name}")
    return default if found is None else (found.get(f"{M}val") or ("" if name.endswith("hr") else "1"))


def _is_property_on(element: Any, group: str, name: str) -> bool:
    return _get_property(element, group, name, "0") in {"1", "on", "true"}


def _format_run(element: Any) -> str:
    text = "".join(part.text or "" for part in element.iterchildren(f"{M}t"))
    if not text.strip():
        return text
    escaped = _TEX_SPECIAL.sub(r"\\\1", text.replace("\\", r"\backslash "))
    is_words = _is_property_on(element, "rPr", "nor") and any(c.isalpha() for c in text)
    return rf"\text{{{escaped}}}" if is_words else escaped


def _format_fraction(element: Any) -> str:
    above, below = _format_part(element, "num"), _format_part(element, "den")
    kind = _get_property(element, "fPr", "type", "bar")
    if kind == "noBar":
        return rf"\binom{{{above}}}{{{below}}}"
    return f"{above}/{below}" if kind == "lin" else rf"\frac{{{above}}}{{{below}}}"


def _build_script_formatter(mark: str) -> Callable[[Any], str]:
    names = {"^": ["sup"], "_": ["sub"], "_^": ["sub", "sup"]}[mark]

    def format_script(element: Any) -> str:
        base = _format_part(element, "e")
        scripts = "".join(f"{sign}{{{_format_part(element, name)}}}" for sign, name in zip(mark, names, strict=True))
        return (f"{{{base}}}" if len(base) > 1 and not base.startswith("\\") else base) + _shorten_scripts(scripts)

    return format_script


def _shorten_scripts(scripts: str) -> str:
    return re.sub(r"([\^_])\{(\w)\}", r"\1\2", scripts)


def _format_prescripts(element: Any) -> str:
    return (
        "{}"
        + _shorten_scripts(f"_{{{_format_part(element, 'sub')}}}^{{{_format_part(element, 'sup')}}}")
        + _format_part(element, "e")
    )


def _format_radical(element: Any) -> str:
    degree = "" if _is_property_on(element, "radPr", "degHide") else _format_part(element, "deg")
    return (rf"\sqrt[{degree}]" if degree else r"\sqrt") + f"{{{_format_part(element, 'e')}}}"


def _format_nary(element: Any) -> str:
    sign = _get_property(element, "naryPr", "chr", "∫")  # this and the defaults below are those of 22.1.2
    below, above = _format_part(element, "sub"), _format_part(element, "sup")
    limits = (f"_{{{below}}}" if below else "") + (f"^{{{above}}}" if above else "")
    return f"{_OPERATORS.get(sign, sign)}{_shorten_scripts(limits)} {_format_part(element, 'e')}"


def _format_delimiters(element: Any) -> str:
    opening = _get_property(element, "dPr", "begChr", "(")
    closing = _get_property(element, "dPr", "endChr", ")")
    between = _get_property(element, "dPr", "sepChr", "|")
    inside = between.join(_format_children(part).strip() for part in element.iterchildren(f"{M}e"))
    # \left and \right would make plain parentheses an equation; they matter only around what is higher than a line.
    if opening and closing and not _TEX_STRUCTURE.search(inside) and not _TEX_SPECIAL.search(opening + closing):
        return f"{opening}{inside}{closing}"
    return rf"\left{_DELIMITERS.get(opening, opening)}{inside}\right{_DELIMITERS.get(closing, closing)}"


def _format_function(element: Any) -> str:
    name = _format_part(element, "fName")
    # The name may be in braces or \text, and have a script or limit behind it: {sin}^2, \text{log}_2.
    known = re.match(r"\{?(?:\\text\{)?([A-Za-z]+)\}*", name)
    if known and known.group(1) in _FUNCTIONS:
        name = "\\" + known.group(1) + name[known.end() :]
    return f"{name} {_format_part(element, 'e')}"


def _build_limit_formatter(mark: str) -> Callable[[Any], str]:
    def format_limit(element: Any) -> str:
        base = _format_part(element, "e")
        base = f"\\{base}" if base in _FUNCTIONS else base
        return f"{base}{mark}{{{_format_part(element, 'lim')}}}"

    return format_limit


def _format_matrix(element: Any) -> str:
    rows = [
        " & ".join(_format_children(cell).strip() for cell in row.iterchildren(f"{M}e"))
        for row in element.iterchildren(f"{M}mr")
    ]
    return r"\begin{matrix} " + r" \\ ".join(rows) + r" \end{matrix}"


def _format_equation_array(element: Any) -> str:
    rows = [_format_children(row).strip().replace(r"\&", "&") for row in element.iterchildren(f"{M}e")]
    return r"\begin{aligned} " + r" \\ ".join(rows) + r" \end{aligned}" if len(rows) > 1 else "".join(rows)


def _format_accent(element: Any) -> str:
    mark = _get_property(element, "accPr", "chr", "\u0302")
    return f"{_ACCENTS.get(mark, chr(92) + 'hat')}{{{_format_part(element, 'e')}}}"


def _format_bar(element: Any) -> str:
    is_above = _get_property(element, "barPr", "pos", "bot") == "top"
    return (r"\overline" if is_above else r"\underline") + f"{{{_format_part(element, 'e')}}}"


def _format_group_character(element: Any) -> str:
    is_above = _get_property(element, "groupChrPr", "pos", "bot") == "top"
    return (r"\overbrace" if is_above else r"\underbrace") + f"{{{_format_part(element, 'e')}}}"


_FORMATTERS: dict[str, Callable[[Any], str]] = {
    "r": _format_run,
    "f": _format_fraction,
    "sSup": _build_script_formatter("^"),
    "sSub": _build_script_formatter("_"),
    "sSubSup": _build_script_formatter("_^"),
    "sPre": _format_prescripts,
    "rad": _format_radical,
    "nary": _format_nary,
    "d": _format_delimiters,
    "func": _format_function,
    "limLow": _build_limit_formatter("_"),
    "limUpp": _build_limit_formatter("^"),
    "m": _format_matrix,
    "eqArr": _format_equation_array,
    "acc": _format_accent,
    "bar": _format_bar,
    "groupChr": _format_group_character,
}
