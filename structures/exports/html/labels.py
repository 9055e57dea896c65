"""Words of HTML exports in the language of the course, from the catalogs of the course page."""

from __future__ import annotations

import gettext
from collections.abc import Callable, Mapping
from functools import cache
from gettext import NullTranslations

from materials.chunks.markdown import format_timestamp
from materials.documents import Locator
from structures.engines.base.drafts import Basis, NodeType
from structures.exports.base import ExportedNodeFields
from structures.exports.languages import CATALOGS


def gettext_noop(message: str) -> str:
    """Mark a text for the catalogs, which is translated where it is shown."""
    return message


# What `arranged_by` says besides the path of a file.
ARRANGEMENTS = frozenset(
    {
        gettext_noop("chapters of the recording"),
        gettext_noop("files"),
        gettext_noop("folders"),
        gettext_noop("front matter"),
        gettext_noop("numbers in names"),
        gettext_noop("texts"),
        gettext_noop("the tree of material nodes"),
        gettext_noop("this file's headings"),
    }
)
BASIS_NOTES = {
    Basis.STATED.value: "",
    Basis.COMPUTED.value: gettext_noop("computed"),
    Basis.ESTIMATED.value: gettext_noop("estimated by a model"),
    "edited": gettext_noop("set by a person"),  # of snapshots with edits (`structures.models.EDITED_BASIS`)
}


@cache
def load_catalog(language: str) -> NullTranslations:
    """Return the labels in a language of `languages.list_label_languages`. Read once per process."""
    return gettext.translation("django", localedir=CATALOGS, languages=[language], fallback=True)


def count_nodes(catalog: NullTranslations, numbers: Mapping[NodeType, int]) -> list[str]:
    """Return how many nodes of each type there are in words; nothing of what there is none."""
    counted: dict[NodeType, Callable[[int], str]] = {
        NodeType.MODULE: lambda number: catalog.ngettext("%(count)s module", "%(count)s modules", number),
        NodeType.LESSON: lambda number: catalog.ngettext("%(count)s lesson", "%(count)s lessons", number),
        NodeType.CONCEPT: lambda number: catalog.ngettext("%(count)s concept", "%(count)s concepts", number),
        NodeType.EXERCISE: lambda number: catalog.ngettext("%(count)s exercise", "%(count)s exercises", number),
    }
    return [
        choose(number) % {"count": number}
        for node_type, choose in counted.items()
        if (number := numbers.get(node_type, 0))
    ]


def count_parts(catalog: NullTranslations, number: int) -> str:
    return catalog.ngettext("%(count)s part", "%(count)s parts", number) % {"count": number}


def count_places(catalog: NullTranslations, number: int) -> str:
    text = catalog.ngettext("%(count)s place in the materials", "%(count)s places in the materials", number)
    return text % {"count": number}


def list_facts(catalog: NullTranslations, row: ExportedNodeFields) -> list[str]:
    """Return minutes and difficulty in words; what is not known is left out."""
    facts = []
    note = BASIS_NOTES.get(row.minutes_basis, "")
    if row.estimated_minutes:
        facts.append(format_minutes(catalog, row.estimated_minutes) + (f" ({catalog.gettext(note)})" if note else ""))
    if row.difficulty:
        facts.append(catalog.gettext("difficulty %(number)s of 5") % {"number": row.difficulty})
    return facts


def describe_arrangement(catalog: NullTranslations, arranged_by: str) -> str:
    """Return what a module is arranged by: in the language, but paths of files as they are."""
    return catalog.gettext(arranged_by) if arranged_by in ARRANGEMENTS else arranged_by


def format_place(catalog: NullTranslations, name: str, locator: Locator, *, is_machine_written: bool) -> str:
    """Return where a reference points within a file, such as `deck.pptx, slide 4` or `talk.srt, 02:15–02:24`."""
    if locator.page is not None:
        name = catalog.gettext("%(file)s, p. %(page)s") % {"file": name, "page": locator.page}
    elif locator.slide is not None:
        name = catalog.gettext("%(file)s, slide %(slide)s") % {"file": name, "slide": locator.slide}
    elif locator.start_ms is not None:
        name += f", {format_timestamp(locator.start_ms)}–{format_timestamp(locator.end_ms or locator.start_ms)}"
    elif locator.heading_path:
        name += f", § {locator.heading_path[-1]}"
    return f"{name}, {catalog.gettext('read by a model')}" if is_machine_written else name


def format_minutes(catalog: NullTranslations, minutes: int) -> str:
    """Return minutes as people say them, such as `50 min` or `1 h 20 min`."""
    hours, rest = divmod(minutes, 60)
    parts = [catalog.gettext("%(hours)s h") % {"hours": hours}] if hours else []
    if rest or not hours:
        parts.append(catalog.gettext("%(minutes)s min") % {"minutes": rest})
    return " ".join(parts)
