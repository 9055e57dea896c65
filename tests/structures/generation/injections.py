"""Materials that speak to the model, as data, and real files that hold them (tests/data/injections)."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.materials.readers.packages import NAMESPACES, slides, word
from tests.materials.readers.pdfs import pdf

DATA = Path(__file__).parents[2] / "data" / "injections" / "injections.json"
FIRST = "Water boils at one hundred degrees."
"""A fact that stands in every file."""


@dataclass(frozen=True, kw_only=True)
class Injection:
    """One text that orders a model about; the fields are those of the data (its README says what they mean)."""

    name: str
    channel: str
    language: str
    text: str
    answer: Mapping[str, Any]
    absent: Sequence[str] = ()
    unproved: Sequence[str] = ()
    is_caught: bool = field(default=True)


ALL = [Injection(**each) for each in json.loads(DATA.read_text(encoding="utf-8"))]
INJECTIONS: Mapping[str, str] = {each.name: each.text for each in ALL if each.is_caught}
CHANNELS = list(dict.fromkeys(each.channel for each in ALL))


def make_files(channel: str, texts: Sequence[str], folder: Path) -> dict[str, bytes]:
    """Return real files that hold the fact and the texts of a channel, by name."""
    if channel == "file name":
        return {f"{text}.txt": f"{FIRST} It is file {n}.".encode() for n, text in enumerate(texts)}
    name, make = _MAKERS.get(channel, ("a.txt", _make_text))
    return {name: make(texts, folder)}


def _make_text(texts: Sequence[str], _folder: Path) -> bytes:
    return "\n\n".join((FIRST, *texts)).encode()


def _make_deck(texts: Sequence[str], folder: Path) -> bytes:
    notes = "".join(_make_shape(text, "body") for text in texts)
    sheet = f"<p:notes {NAMESPACES}><p:cSld><p:spTree>{notes}</p:spTree></p:cSld></p:notes>"
    return slides(folder / "a.pptx", _make_shape(FIRST, "body"), parts={"notesSlide1": sheet}).read_bytes()


def _make_shape(text: str, kind: str) -> str:
    paragraph = f"<a:p><a:r><a:t>{html.escape(text)}</a:t></a:r></a:p>"
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="2" name="s"/><p:nvPr><p:ph type="{kind}"/></p:nvPr></p:nvSpPr>'
        f"<p:txBody>{paragraph}</p:txBody></p:sp>"
    )


def _make_document(texts: Sequence[str], folder: Path) -> bytes:
    body = f"<w:p><w:r><w:t>{FIRST}</w:t></w:r></w:p>"
    for text in texts:
        picture = f'<wp:docPr id="1" name="x" descr="{html.escape(text)}"/>'
        body += f"<w:p><w:r><w:drawing><wp:inline>{picture}</wp:inline></w:drawing></w:r></w:p>"
    return word(folder / "a.docx", body).read_bytes()


def _make_captions(texts: Sequence[str], _folder: Path) -> bytes:
    cues = [f"00:00:{n:02}.000 --> 00:00:{n + 4:02}.000\n{text}" for n, text in enumerate((FIRST, *texts), start=1)]
    return "\n\n".join(("WEBVTT", *cues)).encode()


def _make_page(texts: Sequence[str], _folder: Path) -> bytes:
    inside = "".join(text if text.startswith("<") else f"<p>{text}</p>" for text in texts)
    return f"<html><body><h1>Water</h1><p>{FIRST}</p>{inside}</body></html>".encode()


def _make_table(texts: Sequence[str], _folder: Path) -> bytes:
    rows = "".join(f'"Steam","{text}"\n' for text in texts)
    return f'"Subject","Fact"\n"Water","{FIRST}"\n{rows}'.encode()


def _make_notebook(texts: Sequence[str], _folder: Path) -> bytes:
    cells: list[dict[str, Any]] = [{"cell_type": "markdown", "metadata": {}, "source": [FIRST]}]
    cells += [
        {
            "cell_type": "code", "metadata": {}, "execution_count": 1, "source": ["boil()"],
            "outputs": [{"output_type": "stream", "name": "stdout", "text": [text]}],
        }
        for text in texts
    ]  # fmt: skip
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def _make_pdf(texts: Sequence[str], _folder: Path) -> bytes:
    return pdf([[(12, line) for line in (FIRST, *texts)]])


_MAKERS: Mapping[str, tuple[str, Callable[[Sequence[str], Path], bytes]]] = {
    "slide notes": ("a.pptx", _make_deck),
    "alternative text": ("a.docx", _make_document),
    "captions": ("a.vtt", _make_captions),
    "Markdown": ("a.md", _make_text),
    "HTML": ("a.html", _make_page),
    "table": ("a.csv", _make_table),
    "notebook": ("a.ipynb", _make_notebook),
    "PDF": ("a.pdf", _make_pdf),
}
