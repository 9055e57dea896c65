"""docs/how-to/formats.md says for each format what its reader may leave out: as the code has it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings

from materials.documents import Format, LeftOutKind
from materials.readers.registry import READER_MODULES

BASE = Path(settings.BASE_DIR)
PAGE = (BASE / "docs" / "how-to" / "formats.md").read_text()
ROW = re.compile(r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \|$", re.MULTILINE)
LABELS = {
    Format.DOCX: "Word",
    Format.PPTX: "PowerPoint",
    Format.PDF: "PDF",
    Format.HTML: "HTML",
    Format.MARKDOWN: "Markdown",
    Format.NOTEBOOK: "notebook",
    Format.RST: "reStructuredText",
    Format.CSV: "table",
    Format.QUIZ: "quiz",
    Format.CONTENTS: "contents",
    Format.SRT: "captions",
    Format.VTT: "captions",
    Format.PLAIN: "text",
}


def list_reader_files(module: str) -> set[Path]:
    """Return the files of a reader: its module and all that it imports of materials.readers, directly or not."""
    found: set[Path] = set()
    left = [module]
    while left:
        path = BASE / f"{left.pop().replace('.', '/')}.py"
        if path in found or not path.exists():
            continue
        found.add(path)
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("materials.readers"):
                left += [node.module, *(f"{node.module}.{each.name}" for each in node.names)]
    return found


def list_left_out_kinds(format_: Format) -> set[str]:
    """Return the kinds of what the reader of a format may leave out, by its code."""
    code = "".join(path.read_text() for path in list_reader_files(f"materials.readers.{READER_MODULES[format_]}"))
    return {LeftOutKind[name].value for name in re.findall(r"\bLeftOutKind\.([A-Z_]+)", code)}


@pytest.mark.parametrize("format_", list(LABELS))
def test_the_page_names_what_the_reader_of_a_format_leaves_out(format_: Format) -> None:
    named = {kind for kind, formats in ROW.findall(PAGE) if LABELS[format_] in formats.split(", ")}

    assert named == list_left_out_kinds(format_)


def test_the_page_speaks_of_every_format_and_every_kind() -> None:
    assert set(LABELS) == set(READER_MODULES)
    assert {kind for kind, _ in ROW.findall(PAGE)} >= {kind.value for kind in LeftOutKind}
