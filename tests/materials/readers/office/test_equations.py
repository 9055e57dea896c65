from __future__ import annotations

import pytest
from lxml import etree

from materials.readers.office.equations import format_equation
from materials.readers.office.numerals import format_letters, format_numeral, format_roman
from tests.materials.readers.packages import NAMESPACES


def r(text: str) -> str:
    return f"<m:r><m:t>{text}</m:t></m:r>"


def box(tag: str, **parts: str) -> str:
    return f"<m:{tag}>{''.join(f'<m:{name}>{inside}</m:{name}>' for name, inside in parts.items())}</m:{tag}>"


FRACTION = box("f", num=r("a+b"), den=r("2c"))


@pytest.mark.parametrize(
    ("omml", "expected"),
    [
        (r("x = 5"), "x = 5"),
        (r("100%"), r"$100\%$"),
        (FRACTION, r"$\frac{a+b}{2c}$"),
        (box("f", fPr='<m:type m:val="lin"/>', num=r("a"), den=r("b")), "a/b"),
        (box("sSup", e=r("x"), sup=r("2")) + r("+1"), "$x^2+1$"),
        (box("sSubSup", e=r("x"), sub=r("i"), sup=r("10")), "$x_i^{10}$"),
        (box("sPre", sub=r("6"), sup=r("12"), e=r("C")), "${}_6^{12}C$"),
        (box("rad", radPr='<m:degHide m:val="1"/>', deg="", e=r("x")), r"$\sqrt{x}$"),
        (box("rad", deg=r("3"), e=r("x")), r"$\sqrt[3]{x}$"),
        (box("nary", naryPr='<m:chr m:val="∑"/>', sub=r("i=1"), sup=r("n"), e=r("i")), r"$\sum_{i=1}^n i$"),
        (box("nary", sub=r("0"), sup=r("1"), e=r("f")), r"$\int_0^1 f$"),
        (box("d", e=r("x")), "(x)"),
        (box("d", dPr='<m:begChr m:val="["/><m:endChr m:val="]"/>', e=FRACTION), r"$\left[\frac{a+b}{2c}\right]$"),
        (box("func", fName=r("sin"), e=r("x")), r"$\sin x$"),
        (box("limLow", e=r("lim"), lim=r("n→∞")), r"$\lim_{n→∞}$"),
        (box("m", mr=f"<m:e>{r('1')}</m:e><m:e>{r('0')}</m:e>"), r"$\begin{matrix} 1 & 0 \end{matrix}$"),
        (box("acc", accPr='<m:chr m:val="\u20d7"/>', e=r("v")), r"$\vec{v}$"),
        (box("bar", barPr='<m:pos m:val="top"/>', e=r("x")), r"$\overline{x}$"),
        (
            "<m:r><m:rPr><m:nor/></m:rPr><m:t>rate </m:t></m:r>" + box("sSub", e=r("v"), sub=r("0")),
            r"$\text{rate }v_0$",
        ),
        (r("a") + f"<w:del>{r('gone')}</w:del><w:ins>{r('b')}</w:ins>", "ab"),
        ("", ""),
    ],
)
def test_an_equation_is_plain_or_tex(omml: str, expected: str) -> None:
    assert format_equation(etree.fromstring(f"<m:oMath {NAMESPACES}>{omml}</m:oMath>")) == expected


def test_numbers_are_written_as_office_programs_write_them() -> None:
    assert [format_roman(n) for n in (1, 4, 1994, 4000, 0)] == ["i", "iv", "mcmxciv", "4000", "0"]
    assert [format_letters(n) for n in (1, 26, 27, 53, 0, 10**9)] == ["a", "z", "aa", "aaa", "0", "1000000000"]
    assert [format_numeral(2, form) for form in ("upperRoman", "russianLower", "decimalZero", "chicago")] == [
        "II", "б", "02", "2",
    ]  # fmt: skip
