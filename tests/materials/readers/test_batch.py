"""Many files in one child: each has its own result, also beside one that ends the child."""

from __future__ import annotations

from pathlib import Path

import pytest

from materials.documents import Document, Format
from materials.readers.base.errors import UnreadableDocument
from materials.readers.batch import NamedFile, read_batch
from materials.readers.isolation import read_isolated


def named(path: Path, format_: Format) -> NamedFile:
    return NamedFile(path=path, format=format_, name=path.name)


def test_a_file_that_ends_the_child_costs_the_others_nothing(tmp_path: Path) -> None:
    files = []
    for number in range(4):
        path = tmp_path / f"{number}.md"
        path.write_text(f"# Number {number}\n\nText.")
        files.append(named(path, Format.MARKDOWN))
    damaged = tmp_path / "damaged.pdf"
    damaged.write_bytes(b"%PDF-1.7\nnothing\n%%EOF")
    # The child dies of what no reader expects: here a file that is gone.
    files[1:1] = [named(damaged, Format.PDF), named(tmp_path / "gone.md", Format.MARKDOWN)]
    files.append(named(tmp_path / "gone, too.md", Format.MARKDOWN))

    results = list(read_batch(files))

    assert [result.title if isinstance(result, Document) else result.code for result in results] == [
        "Number 0", "damaged", "reader_failed", "Number 1", "Number 2", "Number 3", "reader_failed",
    ]  # fmt: skip
    assert results[0] == read_isolated(files[0].path, files[0].format)
    assert isinstance(results[1], UnreadableDocument)
    assert results[1].next_step


def test_it_stops_when_its_caller_does(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("Text.")

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(read_batch([named(tmp_path / "a.md", Format.MARKDOWN)], checkpoint=stop))
