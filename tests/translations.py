"""Bring the catalogs of the course page's labels up to date: `make translations`.

After a label was added or changed, this writes what has to be translated into the `.po` files; after they were edited,
it compiles them. GNU gettext, which Django's own commands call, is not needed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from project.settings import BASE_DIR

CATALOGS = BASE_DIR / "structures" / "locale"
_SOURCES = (
    *sorted((BASE_DIR / "structures" / "course_page").glob("*.py")),
    BASE_DIR / "structures" / "exports" / "html" / "labels.py",
    BASE_DIR / "structures" / "templatetags" / "evidence_links.py",
    *sorted((BASE_DIR / "templates" / "course_page").glob("*.html")),
)
_KEYWORDS = {"gettext": None, "gettext_noop": None, "ngettext": (1, 2)}


def extract_messages() -> Catalog:
    """Return the labels of the course page, in code and templates."""
    template = Catalog(project="Coursewright")
    for path in _SOURCES:
        text = path.read_text(encoding="utf-8")
        code = templatize(text, origin=str(path)) if path.suffix == ".html" else text
        for _, message, _, _ in extract("python", BytesIO(code.encode()), keywords=_KEYWORDS):
            template.add(message)
    return template


def list_catalogs() -> list[Path]:
    """Return the `.po` files, one of each language."""
    return sorted(CATALOGS.glob("*/LC_MESSAGES/django.po"))


def read_catalog(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.parent.name)


def compile_catalog(catalog: Catalog) -> bytes:
    """Return the `.mo` file of a catalog. The same catalog gives the same bytes."""
    compiled = BytesIO()
    write_mo(compiled, catalog)
    return compiled.getvalue()


def list_faults(catalog: Catalog, template: Catalog) -> Iterator[str]:
    """Yield what is missing, left over, doubtful or untranslated in a catalog."""
    for message in template:
        if message.id and message.id not in catalog:
            yield f"missing: {message.id}"
    for message in catalog:
        if not message.id:
            continue
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        if message.id not in template:
            yield f"left over: {message.id}"
        if message.fuzzy or not all(strings):
            yield f"not translated: {message.id}"
        yield from (f"{message.id}: {error}" for error in message.check(catalog))


def update_catalogs() -> int:
    """Write and compile all catalogs; return how many faults are left, and print them."""
    template, faults = extract_messages(), 0
    for path in list_catalogs():
        catalog = read_catalog(path)
        # Otherwise every run would change every file.
        template.creation_date = catalog.creation_date
        catalog.update(template, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        with path.open("wb") as file:
            write_po(file, catalog, width=120, no_location=True, sort_output=True)
        path.with_suffix(".mo").write_bytes(compile_catalog(read_catalog(path)))
        for fault in list_faults(catalog, template):
            sys.stderr.write(f"{path.relative_to(BASE_DIR)}: {fault}\n")
            faults += 1
    return faults


if __name__ == "__main__":
    sys.exit(1 if update_catalogs() else 0)
