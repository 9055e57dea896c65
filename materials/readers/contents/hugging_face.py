"""Read _toctree.yml, as the courses and the documentation of Hugging Face have it."""

from __future__ import annotations

from materials.documents import Contents
from materials.readers.contents.errors import NotContents
from materials.readers.contents.nested_values import Keys, build_items
from materials.readers.contents.yaml_values import load_yaml

LABEL = "_toctree.yml"
_KEYS = Keys(titles=("title",), addresses=("local", "url"), children=("sections",))


def read(text: str, _name: str) -> Contents:
    """Return the table of contents. Raises NotContents."""
    items = build_items(load_yaml(text) or [], _KEYS)
    if not any(item.target or item.children for item in items):
        raise NotContents("it names no files.")
    return Contents(dialect=LABEL, items=items)
