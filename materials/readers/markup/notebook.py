"""Read Jupyter notebooks: text cells as Markdown, code cells as code, and the outputs that are text."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from materials.documents import ChunkKind, Document, LeftOutKind
from materials.readers.base.encodings import clean_text, decode_with_warnings
from materials.readers.base.errors import UnreadableDocument
from materials.readers.base.left_out import LeftOutCollector
from materials.readers.base.pieces import tidy_lines
from materials.readers.html.blocks import HTMLBlockReader
from materials.readers.html.linked_contents import LinkedContentsFinder
from materials.readers.html.panels import show_panels
from materials.readers.html.tree import build_html_tree
from materials.readers.markdown.renderer import MarkdownRenderer
from materials.readers.markup import front_matter

# Of all outputs of one cell: more is a log or a table of data, of which the beginning shows what it is. A warning
# counts the cells that were cut. About what fits on a screen.
MAX_OUTPUT_LINES = 30
MAX_OUTPUT_CHARACTERS = 2_000

# Colours and cursor movements of terminals (ECMA-48, control sequences).
_ANSI_SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
# What Python shows for objects without a text of their own: an address in memory is different in every run.
_OBJECT_REPR = re.compile(
    r"\s*(?:\[?<[^<>\n]*(?: at 0x[0-9a-f]+|\bsize \d+)[^<>\n]*>\]?,?\s*)+|\s*(?:None|<IPython\.[^>]*>)\s*"
)
_MAGIC = re.compile(r"\s*%%(\w+)")
_MAGIC_LANGUAGES = {
    "bash": "bash",
    "sh": "bash",
    "html": "html",
    "javascript": "javascript",
    "js": "javascript",
    "R": "r",
    "sql": "sql",
    "latex": "latex",
    "ruby": "ruby",
    "perl": "perl",
    "svg": "svg",
    "cython": "cython",
}
_KERNEL_LANGUAGES = {"ir": "r", "ijulia": "julia", "javascript": "javascript", "bash": "bash"}


def read(path: Path) -> Document:
    """Return the pieces of a notebook of nbformat 3 or 4, in the order of its cells.

    Warnings count what was left out of outputs. Raises UnreadableDocument when the file is no JSON or holds no cells.
    """
    text = decode_with_warnings(path.read_bytes())
    try:
        notebook = json.loads(text.text)
    except (ValueError, RecursionError):
        raise UnreadableDocument("The notebook is damaged: it is not valid JSON.", code="damaged") from None
    cells = list(_iter_cells(notebook))
    if not cells and not (isinstance(notebook, dict) and ("cells" in notebook or "worksheets" in notebook)):
        raise UnreadableDocument("The file is not a notebook: it holds no cells.", code="damaged")
    reading = _NotebookReader(code_language=_find_code_language(notebook))
    for cell in cells:
        reading.add_cell(cell)
    pieces = tuple(reading.blocks.pieces.collected)
    own = next((p.text for p in pieces if p.kind is ChunkKind.HEADING and p.level == 1), "")
    named = _join_text(_get_mapping(notebook, "metadata").get("title"))
    return Document(
        pieces=pieces,
        title=reading.title or named or own,
        language=reading.document_language,
        metadata=reading.metadata,
        contents=reading.links.build(),
        warnings=(*text.warnings, *reading.list_warnings()),
        left_out=reading.left_out.build(),
    )


@dataclass
class _NotebookReader:
    code_language: str
    title: str = ""
    document_language: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    blocks: HTMLBlockReader = field(default_factory=HTMLBlockReader)
    links: LinkedContentsFinder = field(default_factory=LinkedContentsFinder)
    _omissions: Counter[str] = field(default_factory=Counter)
    # One for all cells: to build the renderer takes longer than to render a short cell.
    _renderer: MarkdownRenderer = field(default_factory=MarkdownRenderer)

    @property
    def left_out(self) -> LeftOutCollector:
        """What is left out of the cells so far."""
        return self.blocks.pieces.left_out

    def add_cell(self, cell: dict[str, Any]) -> None:
        """Add the pieces of one cell."""
        for name in _get_mapping(cell, "attachments"):
            self.left_out.add(LeftOutKind.ATTACHMENT, clean_text(name))
        kind = cell.get("cell_type")
        source = clean_text(_join_text(cell.get("source", cell.get("input"))))
        if kind == "heading":
            level = cell.get("level")
            self.blocks.pieces.add_heading(source, min(max(level, 1), 6) if isinstance(level, int) else 1)
        elif kind == "code":
            self._add_code_cell(cell, source)
        elif kind == "raw":
            self._add_raw_cell(cell, source)
        else:
            self._add_markdown(self._strip_front_matter(source))

    def list_warnings(self) -> Iterator[str]:
        """Yield one sentence for each kind of output that was left out or cut."""
        for what, one, more in (
            ("pictures", "1 picture", "pictures"),
            ("errors", "1 error message", "error messages"),
            ("others", "1 interactive element", "interactive elements"),
        ):
            if count := self._omissions[what]:
                subject = f"{one} in the outputs was" if count == 1 else f"{count} {more} in the outputs were"
                yield f"{subject} left out."
        if count := self._omissions["cut"]:
            cells = "1 cell was" if count == 1 else f"{count} cells were"
            yield f"The output of {cells} cut after {MAX_OUTPUT_LINES} lines or {MAX_OUTPUT_CHARACTERS:,} characters."

    def _strip_front_matter(self, source: str) -> str:
        """Return the text of a cell without front matter, whose fields are kept; only the first has one."""
        if self.blocks.pieces.collected or not source.lstrip().startswith(("---", "+++")):
            return source
        front = front_matter.split_front_matter(source)
        if front.source:
            self.left_out.add(LeftOutKind.METADATA, front.source)
            self.metadata = front.fields
        self.title, self.document_language = self.title or front.title, self.document_language or front.language
        return front.body

    def _add_markdown(self, source: str) -> None:
        self._add_html(self._renderer.render(source))

    def _add_html(self, text: str) -> None:
        root = build_html_tree(f"<html><body>{text}</body></html>", self.left_out)
        if root is not None:
            show_panels(root)
            self.links.collect(root)
            self.blocks.read(root)
            self.blocks.release_tree()

    def _add_raw_cell(self, cell: dict[str, Any], source: str) -> None:
        said = _get_mapping(cell, "metadata")
        kind = str(said.get("raw_mimetype") or said.get("format") or "")
        if "html" in kind:
            self._add_html(source)
        elif "latex" in kind or "rst" in kind or "restructuredtext" in kind:
            self.blocks.pieces.add(ChunkKind.CODE, source, language="latex" if "latex" in kind else "rst")
        else:
            self._add_markdown(self._strip_front_matter(source))

    def _add_code_cell(self, cell: dict[str, Any], source: str) -> None:
        magic = _MAGIC.match(source)
        named = _MAGIC_LANGUAGES.get(magic.group(1), "") if magic is not None else ""
        own = cell.get("language")
        language = named or (own if isinstance(own, str) else "") or self.code_language
        self.blocks.pieces.add(ChunkKind.CODE, source, language=language or None)
        outputs = cell.get("outputs")
        shown = (
            [text for output in outputs if isinstance(output, dict) for text in self._iter_output_texts(output)]
            if isinstance(outputs, list)
            else []
        )
        self._add_output("\n".join(shown))

    def _iter_output_texts(self, output: dict[str, Any]) -> Iterator[str]:
        """Yield the text of one output; count outputs without text as omissions."""
        kind = output.get("output_type")
        if kind in {"error", "pyerr"}:
            self._omissions["errors"] += 1
            said = (_join_text(output.get(name)) for name in ("ename", "evalue"))
            self.left_out.add(LeftOutKind.OUTPUT, clean_text(": ".join(each for each in said if each)))
            return
        if kind == "stream":
            yield _join_text(output.get("text"))
            return
        # nbformat 3 keeps the representations of an output in the output itself, format 4 in `data`.
        data = output.get("data") if isinstance(output.get("data"), dict) else output
        assert isinstance(data, dict)
        # A plot also has a text, but that is the repr of an object.
        if any(name.startswith("image/") or name in {"png", "jpeg", "svg"} for name in data):
            self._omissions["pictures"] += 1
            self.left_out.add(LeftOutKind.EMBEDDED_OBJECT, clean_text(_join_text(data.get("text/plain"))))
            return
        for name in ("text/latex", "text/markdown", "text/plain", "text", "latex"):
            if (text := _join_text(data.get(name))).strip():
                if not _OBJECT_REPR.fullmatch(text):
                    yield text
                return
        if any("/" in name or name in {"html", "javascript"} for name in data):
            self._omissions["others"] += 1
            self.left_out.add(LeftOutKind.EMBEDDED_OBJECT, ", ".join(clean_text(str(name)) for name in data))

    def _add_output(self, text: str) -> None:
        """Add the outputs of a cell, cut to the limits; a formula becomes a paragraph, anything else code."""
        # A carriage return overwrites its line, as progress bars do: only the last state is what was seen.
        lines = [line.rpartition("\r")[2] for line in _ANSI_SEQUENCE.sub("", text).replace("\r\n", "\n").split("\n")]
        whole = clean_text("\n".join(lines)).strip("\n")
        shown = "\n".join(whole.split("\n")[:MAX_OUTPUT_LINES])[:MAX_OUTPUT_CHARACTERS]
        if len(shown) < len(whole):
            self._omissions["cut"] += 1
            self.left_out.add(LeftOutKind.OUTPUT, whole[len(shown) :])
            shown = f"{shown.rstrip()}\n…"
        kind = (
            ChunkKind.PARAGRAPH if shown.lstrip().startswith("$") and shown.rstrip().endswith("$") else ChunkKind.CODE
        )
        self.blocks.pieces.add(kind, tidy_lines(shown) if kind is ChunkKind.PARAGRAPH else shown)


def _iter_cells(notebook: Any) -> Iterator[dict[str, Any]]:
    """Yield the cells of a notebook; those of nbformat 3 are in its worksheets."""
    holders = [notebook] if isinstance(notebook, dict) else []
    sheets = holders[0].get("worksheets") if holders else None
    holders.extend(sheet for sheet in sheets if isinstance(sheet, dict)) if isinstance(sheets, list) else None
    for holder in holders:
        cells = holder.get("cells")
        if isinstance(cells, list):
            yield from (cell for cell in cells if isinstance(cell, dict))


def _find_code_language(notebook: Any) -> str:
    about = _get_mapping(notebook, "metadata")
    kernel = _get_mapping(about, "kernelspec")
    said = _get_mapping(about, "language_info").get("name") or kernel.get("language")
    if isinstance(said, str) and said:
        return "python" if said.startswith("ipython") else said.lower()
    name = _join_text(kernel.get("name"))
    return "python" if name.startswith("python") else _KERNEL_LANGUAGES.get(name, "")


def _get_mapping(holder: Any, name: str) -> dict[str, Any]:
    part = holder.get(name) if isinstance(holder, dict) else None
    return part if isinstance(part, dict) else {}


def _join_text(value: Any) -> str:
    """Return a multiline string of nbformat, which is one string or a list of its lines; blank for other values."""
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""
