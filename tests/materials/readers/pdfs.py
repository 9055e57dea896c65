"""Tiny PDFs, written by hand so that a test knows every line in them."""

from __future__ import annotations

from collections.abc import Sequence

WIDTH, HEIGHT = 420, 595
FONTS = ("Helvetica", "Helvetica-Bold", "Courier", "Courier-Bold", "Times-Roman", "Times-Bold")


def pdf(pages: Sequence[Sequence[tuple[int, str]]]) -> bytes:
    """Return a PDF whose pages have these lines (size in points, text), from the top down."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", "", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    kids = []
    for lines in pages:
        objects.append(_stream(_drawn(lines)))
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] /Contents {len(objects)} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>"
        )
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    return assembled(objects)


def drawn(*contents: str, turned: int = 0, size: tuple[float, float] = (WIDTH, HEIGHT), trailer: str = "") -> bytes:
    """Return a PDF of pages with these drawing commands, each turned clockwise by so many degrees when shown."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", "", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    kids = []
    for content in contents:
        objects.append(_stream(content))
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {size[0]} {size[1]}] /Rotate {turned} "
            f"/Contents {len(objects)} 0 R /Resources << /Font << /F1 3 0 R >> >> >>"
        )
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    return assembled(objects, trailer=trailer)


def shown(text: str, *, at: tuple[float, float], size: int = 10, matrix: str = "1 0 0 1") -> str:
    """Return the commands that draw a line of text; the matrix says in which direction."""
    return f"BT /F1 {size} Tf {matrix} {at[0]} {at[1]} Tm ({text}) Tj ET"


def _drawn(lines: Sequence[tuple[int, str]]) -> str:
    commands = []
    top = HEIGHT - 60.0
    for position, (size, text) in enumerate(lines):
        last = position == len(lines) - 1 and text.isdecimal()
        top = 40.0 if last else top - size * 1.3
        commands.append(f"BT /F1 {size} Tf 40 {top:.1f} Td ({text}) Tj ET")
    return "\n".join(commands)


def _stream(content: str) -> str:
    return f"<< /Length {len(content)} >>\nstream\n{content}\nendstream"


def assembled(objects: Sequence[str], *, trailer: str = "") -> bytes:
    """Return a PDF of these objects, the first of which is the catalog."""
    body = "%PDF-1.4\n"
    offsets = []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(body))
        body += f"{number} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    count = len(objects) + 1
    end = f"trailer << /Size {count} /Root 1 0 R {trailer} >>\nstartxref\n{len(body)}\n%%EOF\n"
    return f"{body}xref\n0 {count}\n0000000000 65535 f \n{table}{end}".encode("latin-1")


def typeset(
    pages: Sequence[Sequence[tuple[str, float, float, float, str]]],
    *,
    size: tuple[float, float] = (WIDTH, HEIGHT),
    bookmarks: Sequence[tuple[str, int]] = (),
) -> bytes:
    """Return a PDF of lines, each a font of FONTS, a type size, a left, a baseline from the top, and a text.

    `bookmarks` are titles with their 1-based pages. Texts are of the Latin script: each letter is a byte of
    WinAnsiEncoding.
    """
    fonts = [f"<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>" for name in FONTS]
    objects = ["", "", *fonts]
    resources = " ".join(f"/F{number} {number + 3} 0 R" for number in range(len(fonts)))
    kids = []
    for lines in pages:
        commands = [
            f"BT /F{FONTS.index(font)} {points} Tf {left} {size[1] - down} Td ({_escape(text)}) Tj ET"
            for font, points, left, down, text in lines
        ]
        objects.append(_stream("\n".join(commands)))
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {size[0]} {size[1]}] /Contents {len(objects)} 0 R "
            f"/Resources << /Font << {resources} >> >> >>"
        )
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    outline = ""
    if bookmarks:
        first = len(objects) + 2
        last = first + len(bookmarks) - 1
        objects.append(f"<< /Type /Outlines /First {first} 0 R /Last {last} 0 R /Count {len(bookmarks)} >>")
        outline = f"/Outlines {len(objects)} 0 R"
        for place, (title, page) in enumerate(bookmarks):
            following = f"/Next {first + place + 1} 0 R" if first + place < last else ""
            objects.append(
                f"<< /Title ({_escape(title)}) /Parent {first - 1} 0 R {following} /Dest [{kids[page - 1]} /Fit] >>"
            )
    objects[0] = f"<< /Type /Catalog /Pages 2 0 R {outline} >>"
    return assembled(objects)


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
