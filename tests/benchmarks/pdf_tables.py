"""How many cells of tables in PDFs are read right: `python -m tests.benchmarks.pdf_tables [folder]`.

Makes the same tables with LibreOffice, LaTeX and Chromium, each with all its rules, with rules between rows only and
without rules, reads them and prints the F1 of their cells; beside it that of pdfplumber, where that is installed (in an
environment of its own: it is no dependency). Needs `soffice`, `pdflatex` and `chromium` on the path.
"""

from __future__ import annotations

import html
import importlib.util
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import docx
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

from materials.documents import ChunkKind
from materials.readers.pdf.reader import read

Rows = list[list[str]]
# Which lines of a table are drawn: all, those between rows, none (what LaTeX calls booktabs counts as `rows`).
RULES = ("all", "rows", "none")
BEFORE = "The values below were taken in the laboratory on three days and are those that the exercise asks you to use."
AFTER = "Compare the last column with what you expected before the experiment and explain the difference in your words."

TABLES: dict[str, Rows] = {
    "measurements": [
        ["Substance", "Melting point", "Boiling point", "Density"],
        ["Water", "0.0", "100.0", "0.998"],
        ["Ethanol", "-114.1", "78.4", "0.789"],
        ["Mercury", "-38.8", "356.7", "13.534"],
        ["Benzene", "5.5", "80.1", "0.877"],
        ["Acetone", "-94.9", "56.1", "0.784"],
    ],
    "wrapped": [
        ["Week", "Topic", "What to prepare"],
        [
            "1",
            "Water and steam",
            "Read the first chapter of the textbook and write down three questions about the change of state.",
        ],
        ["2", "Pressure", "Bring a syringe."],
        [
            "3",
            "Heat engines and the second law of thermodynamics in everyday machines",
            "Prepare a short talk on one engine of your choice and bring a drawing of its parts.",
        ],
        ["4", "Repetition", "Solve the problems of sheet seven, which are like those of the examination."],
    ],
    "blanks": [
        ["Name", "Monday", "Tuesday", "Wednesday", "Thursday"],
        ["Group A", "Lecture", "", "Laboratory", ""],
        ["Group B", "", "Lecture", "", "Laboratory"],
        ["Group C", "Laboratory", "", "Lecture", "Tutorial"],
        ["Group D", "", "Laboratory", "Tutorial", "Lecture"],
    ],
    "wide": [
        ["Year", "Q1", "Q2", "Q3", "Q4", "Sum", "Mean", "Share"],
        *(
            [
                str(2015 + n),
                str(11 + n),
                str(20 + 3 * n),
                str(17 + n),
                str(30 - n),
                str(78 + 4 * n),
                f"{19.5 + n}",
                f"{n + 3} %",
            ]
            for n in range(9)
        ),
    ],
    "long": [
        ["No.", "Term", "Meaning"],
        *(
            [
                str(n),
                f"term {chr(96 + n % 26 + 1)}{n}",
                f"the meaning of the word that stands at place {n}"
                + (" and some more words which make this cell wrap into a second line" if n % 5 == 0 else ""),
            ]
            for n in range(1, 61)
        ),
    ],
}


def make_all(folder: Path) -> list[tuple[str, str, str, Path]]:
    """Return producer, name of the table, rules and path of each PDF, made if it is not there."""
    made = []
    for producer, make in (("libreoffice", make_docx), ("latex", make_latex), ("chromium", make_html)):
        for rules in RULES:
            for name, rows in TABLES.items():
                path = folder / f"{producer}-{rules}-{name}.pdf"
                if not path.exists():
                    make(path, rows, rules)
                made.append((producer, name, rules, path))
    return made


def make_docx(path: Path, rows: Rows, rules: str) -> None:
    """Write a table by python-docx and let LibreOffice print it."""
    made = docx.Document()
    made.add_paragraph(BEFORE)
    table = made.add_table(rows=0, cols=len(rows[0]))
    table.style = "Table Grid" if rules == "all" else "Normal Table"
    for row in rows:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text
    head = table.rows[0]._tr.get_or_add_trPr()
    head.append(OxmlElement("w:tblHeader"))
    if rules == "rows":
        borders = OxmlElement("w:tblBorders")
        for side in ("top", "bottom", "insideH"):
            border = OxmlElement(f"w:{side}")
            border.set(qn("w:val"), "single")
            border.set(qn("w:sz"), "6")
            borders.append(border)
        table._tbl.tblPr.append(borders)
    made.add_paragraph(AFTER)
    source = path.with_suffix(".docx")
    made.save(str(source))
    run("soffice", "--headless", "--convert-to", "pdf", "--outdir", str(path.parent), str(source))


def make_latex(path: Path, rows: Rows, rules: str) -> None:
    """Write a longtable, as booktabs would where only rows are ruled, and let pdflatex print it."""
    longest = [max(len(row[number]) for row in rows) for number in range(len(rows[0]))]
    kinds = [f"p{{{4.0 if length > 60 else 3.2}cm}}" if length > 30 else "l" for length in longest]
    spec = ("|" + "|".join(kinds) + "|") if rules == "all" else "".join(kinds)
    top, middle, bottom = {
        "all": ("\\hline", "\\hline", "\\hline"),
        "rows": ("\\hline\\noalign{\\smallskip}", "\\noalign{\\smallskip}\\hline\\noalign{\\smallskip}", "\\hline"),
        "none": ("", "", ""),
    }[rules]
    between = "\\\\ \\hline\n" if rules == "all" else "\\\\\n"
    lines = [" & ".join(cell.replace("%", "\\%") for cell in row) for row in rows]
    path.with_suffix(".tex").write_text(
        "\\documentclass{article}\\usepackage{longtable}\\begin{document}\n"
        f"{BEFORE}\n\n\\begin{{longtable}}{{{spec}}}\n{top} {lines[0]}\\\\ {middle} \\endhead\n"
        + between.join(lines[1:])
        + f"\\\\ {bottom}\n\\end{{longtable}}\n\n{AFTER}\n\\end{{document}}\n"
    )
    for _ in range(2):  # the widths of a longtable are known after the first run
        run("pdflatex", "-interaction=batchmode", f"-output-directory={path.parent}", str(path.with_suffix(".tex")))


def make_html(path: Path, rows: Rows, rules: str) -> None:
    """Write an HTML table and let Chromium print it."""
    style = {
        "all": "td, th {border: 1px solid black; padding: 3px 6px}",
        "rows": "tr {border-bottom: 1px solid #888} td, th {padding: 3px 6px}",
        "none": "td, th {padding: 3px 6px}",
    }[rules]
    body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows[1:])
    head = "".join(f"<th>{html.escape(cell)}</th>" for cell in rows[0])
    source = path.with_suffix(".html")
    source.write_text(
        "<!doctype html><meta charset=utf-8><style>table {border-collapse: collapse; max-width: 12cm} "
        f"{style}</style>"
        f"<p>{BEFORE}</p><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{AFTER}</p>"
    )
    run(
        "chromium",
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-pdf-header-footer",
        f"--print-to-pdf={path}",
        source.as_uri(),
    )


def run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=180)


def read_ours(path: Path) -> list[Rows]:
    """Return the tables of a PDF by our reader."""
    return [parse_markdown(piece.text) for piece in read(path).pieces if piece.kind is ChunkKind.TABLE]


def parse_markdown(text: str) -> Rows:
    lines = text.split("\n")
    return [
        [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in [lines[0], *lines[2:]]
    ]


def read_by_pdfplumber(path: Path) -> list[Rows]:
    """Return the tables by pdfplumber: by lines, or where it finds none by the alignment of text."""
    pdfplumber: Any = importlib.import_module("pdfplumber")
    with pdfplumber.open(path) as opened:
        found = [table for page in opened.pages for table in page.extract_tables()]
        if not found:
            by_text = {"vertical_strategy": "text", "horizontal_strategy": "text"}
            found = [table for page in opened.pages for table in page.extract_tables(by_text)]
    return [[[cell or "" for cell in row] for row in table] for table in found]


def compute_f1(expected: Rows, found: Sequence[Rows]) -> float:
    """Return the F1 of the cells with text; a cell counts when its text is right and stands in the right column.

    Rows are aligned in order; a head that is repeated on a further page counts once.
    """
    rows: Rows = []
    for table in found:
        rows += table[1:] if rows and table and normalise(table[0]) == normalise(rows[0]) else table
    wanted, got = [normalise(row) for row in expected], [normalise(row) for row in rows]
    best = [0] * (len(got) + 1)
    for row in wanted:
        before = list(best)
        for number, other in enumerate(got, start=1):
            equal = sum(bool(a) and a == b for a, b in zip(row, other, strict=False))
            best[number] = max(before[number], best[number - 1], before[number - 1] + equal)
    total = sum(map(bool, (cell for row in (*wanted, *got) for cell in row)))
    return 2 * best[-1] / total if total else 0.0


def normalise(row: Sequence[str]) -> list[str]:
    # LaTeX prints a minus sign as a hyphen and divides words; dashes and hyphens count for nothing.
    return ["".join(re.split(r"[\s\u2010-\u2212-]+", cell)) for cell in row]


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp())
    made = make_all(folder)
    readers: list[tuple[str, Callable[[Path], list[Rows]]]] = [("ours", read_ours)]
    if importlib.util.find_spec("pdfplumber"):
        readers.append(("pdfplumber", read_by_pdfplumber))
    for title, read_tables in readers:
        scores = dict(score_all(made, read_tables))
        for (producer, name, rules), score in scores.items():
            sys.stdout.write(f"{title:<11} {rules:<5} {producer:<12} {name:<13} {score:5.2f}\n")
        for rules in RULES:
            mean = fmean(score for key, score in scores.items() if key[2] == rules)
            sys.stdout.write(f"{title:<11} {rules:<5} mean {mean:5.3f}\n")


def score_all(
    made: Sequence[tuple[str, str, str, Path]], read_tables: Callable[[Path], list[Rows]]
) -> Iterator[tuple[tuple[str, str, str], float]]:
    for producer, name, rules, path in made:
        yield (producer, name, rules), compute_f1(TABLES[name], read_tables(path))


if __name__ == "__main__":
    main()
