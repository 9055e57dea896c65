"""H5P packages: `h5p.json`, `content/content.json` and files beside it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO

from structures.exports.chapter_lists import clean_title
from structures.exports.characters import clean_text
from structures.exports.h5p.libraries import describe_dependencies
from structures.exports.packages import PackageWriter

MANIFEST, CONTENT = "h5p.json", "content/content.json"
# What H5P takes as a title, in UTF-8 (h5p.classes.php, H5PValidator).
MAX_TITLE_BYTES = 255


def write_package(
    title: str,
    main: str,
    names: Sequence[str],
    libraries: str,
    content: Iterable[bytes],
    out: BinaryIO,
    files: Mapping[str, Iterable[bytes]] | None = None,
) -> None:
    """Write a package with content of the library `main`, in which those of `names` are used."""
    manifest = {
        "title": cut_title(title),
        "language": "und",
        "mainLibrary": main,
        "embedTypes": ["iframe"],
        "license": "U",
        "preloadedDependencies": describe_dependencies([main, *names], libraries),
    }
    with PackageWriter(out) as package:
        package.add_file(MANIFEST, [encode(manifest)])
        package.add_file(CONTENT, content)
        for path, pieces in (files or {}).items():
            package.add_file(f"content/{path}", pieces)


def cut_title(title: str) -> str:
    """Return a title in one line that is not too long for H5P."""
    return clean_text(clean_title(title)).encode()[:MAX_TITLE_BYTES].decode(errors="ignore").strip()


def encode(value: Any) -> bytes:
    """Return a value as JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def encode_list(values: Iterable[Any]) -> Iterator[bytes]:
    """Yield a list as JSON, a value after the other."""
    yield b"["
    for index, value in enumerate(values):
        yield (b"\n," if index else b"\n") + encode(value)
    yield b"]"
