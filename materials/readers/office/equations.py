"""Equations of Word and PowerPoint (OMML) as text: plain where a line of text can say it, else TeX between dollars."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from materials.readers.office.ooxml import M

_SPECIAL = re.compile(r"([%#&$_{}^])")
_STRUCTURE = re.compile(r"[\\^_]")
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
_FENCES = {"{": r"\{", "}": r"\}", "": ".", "⟨": r"\langle ", "⟩": r"\rangle ", "‖": r"\|"}
_PROPERTIES = re.compile(r"Pr$")


def formula(element: Any) -> str:
    """Return an m:oMath element, or the equations of an m:oMathPara one below the other, as text."""
    if element.tag == f"{M}oMathPara":
        return "\n".join(filter(None, (formula(inner) for inner in element.iterchildren(f"{M}oMath"))))
    tex = " ".join(_all(element).split())
    if not tex:
        return ""
    return f"${tex}$" if _STRUCTURE.search(tex) else tex


def _all(element: Any) -> str:
    """Return what stands in an element, one after the other."""
    parts: list[str] = []
    for child in element:
        name = child.tag.rpartition("}")[2]
        if child.tag.startswith(M):
            write = _WRITERS.get(name)
            if write is not None:
                parts.append(write(child))
            elif not _PROPERTIES.search(name):
                parts.append(_all(child))
        elif name not in {"del", "moveFrom", "rPr"}:
            parts.append(_all(child))
    return "".join(parts)


def _part(element: Any, name: str) -> str:
    found = element.find(f"{M}{name}")
    return _all(found).strip() if found is not None else ""


def _property(element: Any, holder: str, name: str, default: str) -> str:
    """Return a property's value; a property without value is on."""
    found = element.find(f"{M}{holder}/{M}{name}")
    return default if found is None else (found.get(f"{M}val") or ("" if name.endswith("hr") else "1"))


def _is_on(element: Any, holder: str, name: str) -> bool:
    return _property(element, holder, name, "0") in {"1", "on", "true"}


def _run(element: Any) -> str:
    text = "".join(part.text or "" for part in element.iterchildren(f"{M}t"))
    if not text.strip():
        return text
    escaped = _SPECIAL.sub(r"\\\1", text.replace("\\", r"\backslash "))
    is_words = _is_on(element, "rPr", "nor") and any(c.isalpha() for c in text)
    return rf"\text{{{escaped}}}" if is_words else escaped


def _fraction(element: Any) -> str:
    above, below = _part(element, "num"), _part(element, "den")
    kind = _property(element, "fPr", "type", "bar")
    if kind == "noBar":
        return rf"\binom{{{above}}}{{{below}}}"
    return f"{above}/{below}" if kind == "lin" else rf"\frac{{{above}}}{{{below}}}"


def _script(mark: str) -> Callable[[Any], str]:
    names = {"^": ["sup"], "_": ["sub"], "_^": ["sub", "sup"]}[mark]

    def write(element: Any) -> str:
        base = _part(element, "e")
        scripts = "".join(f"{sign}{{{_part(element, name)}}}" for sign, name in zip(mark, names, strict=True))
        return (f"{{{base}}}" if len(base) > 1 and not base.startswith("\\") else base) + _short(scripts)

    return write


def _short(scripts: str) -> str:
    return re.sub(r"([\^_])\{(\w)\}", r"\1\2", scripts)


def _before(element: Any) -> str:
    return "{}" + _short(f"_{{{_part(element, 'sub')}}}^{{{_part(element, 'sup')}}}") + _part(element, "e")


def _root(element: Any) -> str:
    degree = "" if _is_on(element, "radPr", "degHide") else _part(element, "deg")
    return (rf"\sqrt[{degree}]" if degree else r"\sqrt") + f"{{{_part(element, 'e')}}}"


def _n_ary(element: Any) -> str:
    sign = _property(element, "naryPr", "chr", "∫")
    below, above = _part(element, "sub"), _part(element, "sup")
    limits = (f"_{{{below}}}" if below else "") + (f"^{{{above}}}" if above else "")
    return f"{_OPERATORS.get(sign, sign)}{_short(limits)} {_part(element, 'e')}"


def _fenced(element: Any) -> str:
    opening = _property(element, "dPr", "begChr", "(")
    closing = _property(element, "dPr", "endChr", ")")
    between = _property(element, "dPr", "sepChr", "|")
    inside = between.join(_all(part).strip() for part in element.iterchildren(f"{M}e"))
    if opening and closing and not _STRUCTURE.search(inside) and not _SPECIAL.search(opening + closing):
        return f"{opening}{inside}{closing}"
    return rf"\left{_FENCES.get(opening, opening)}{inside}\right{_FENCES.get(closing, closing)}"


def _function(element: Any) -> str:
    name = _part(element, "fName")
    known = re.match(r"\{?(?:\\text\{)?([A-Za-z]+)\}*", name)
    if known and known.group(1) in _FUNCTIONS:
        name = "\\" + known.group(1) + name[known.end() :]
    return f"{name} {_part(element, 'e')}"


def _limit(mark: str) -> Callable[[Any], str]:
    def write(element: Any) -> str:
        base = _part(element, "e")
        base = f"\\{base}" if base in _FUNCTIONS else base
        return f"{base}{mark}{{{_part(element, 'lim')}}}"

    return write


def _matrix(element: Any) -> str:
    rows = [
        " & ".join(_all(cell).strip() for cell in row.iterchildren(f"{M}e")) for row in element.iterchildren(f"{M}mr")
    ]
    return r"\begin{matrix} " + r" \\ ".join(rows) + r" \end{matrix}"


def _array(element: Any) -> str:
    rows = [_all(row).strip().replace(r"\&", "&") for row in element.iterchildren(f"{M}e")]
    return r"\begin{aligned} " + r" \\ ".join(rows) + r" \end{aligned}" if len(rows) > 1 else "".join(rows)


def _accent(element: Any) -> str:
    mark = _property(element, "accPr", "chr", "\u0302")
    return f"{_ACCENTS.get(mark, chr(92) + 'hat')}{{{_part(element, 'e')}}}"


def _bar(element: Any) -> str:
    is_above = _property(element, "barPr", "pos", "bot") == "top"
    return (r"\overline" if is_above else r"\underline") + f"{{{_part(element, 'e')}}}"


def _grouped(element: Any) -> str:
    is_above = _property(element, "groupChrPr", "pos", "bot") == "top"
    return (r"\overbrace" if is_above else r"\underbrace") + f"{{{_part(element, 'e')}}}"


_WRITERS: dict[str, Callable[[Any], str]] = {
    "r": _run,
    "f": _fraction,
    "sSup": _script("^"),
    "sSub": _script("_"),
    "sSubSup": _script("_^"),
    "sPre": _before,
    "rad": _root,
    "nary": _n_ary,
    "d": _fenced,
    "func": _function,
    "limLow": _limit("_"),
    "limUpp": _limit("^"),
    "m": _matrix,
    "eqArr": _array,
    "acc": _accent,
    "bar": _bar,
    "groupChr": _grouped,
}
