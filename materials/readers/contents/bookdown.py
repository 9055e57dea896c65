"""Read _bookdown.yml: the files of a book in their order."""

from __future__ import annotations

from materials.documents import Contents
from materials.readers.base.outlines import build_item
from materials.readers.contents.errors import NotContents
from materials.readers.contents.nested_values import get_text
from materials.readers.contents.yaml_values import load_yaml

LABEL = "_bookdown.yml"


def read(text: str, _name: str) -> Contents:
    """Return the files in order. Raises NotContents where none are named: Bookdown then sorts them by name."""
    settings = load_yaml(text)
    files = settings.get("rmd_files") if isinstance(settings, dict) else None
    if isinstance(files, dict):  # one list for each format
        files = files.get("html") or next(iter(files.values()), None)
    names = list(filter(None, map(get_text, files if isinstance(files, list) else [])))
    if not names:
        raise NotContents("it has no `rmd_files`.")
    return Contents(dialect=LABEL, items=tuple(build_item(address=name) for name in names))
