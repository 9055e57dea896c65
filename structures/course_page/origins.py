"""Who made the words of a snapshot: the materials alone, models, and the people who edited it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.utils.translation import gettext

from structures.course_page.labels import FIELD_LABELS
from structures.editing.tree_json import decode_locks
from structures.editing.trees import NodeLocks, Reason
from structures.models import EDITED_ENGINE, StructureSnapshot


@dataclass(frozen=True, kw_only=True)
class PageOrigin:
    """Who made the words of a snapshot.

    `is_known` is false when an edited snapshot goes back to one that is gone. `locks` say what people did, by the key
    of the node, and `removed` how many nodes they removed; both are empty for readers who may not know.
    """

    models: Sequence[str] = ()
    is_edited: bool = False
    is_known: bool = True
    shows_edits: bool = False
    locks: Mapping[str, NodeLocks] = field(default_factory=dict)
    removed: int = 0

    def describe_edits(self, key: UUID) -> str:
        """Return what people did to a node in words; blank when they did nothing, or the reader may not know."""
        locks = self.locks.get(str(key))
        if locks is None:
            return ""
        if locks.added:
            return gettext("Added by a person")
        return gettext("Changed by a person: %(what)s") % {"what": ", ".join(_list_changes(locks))}

    def is_by_person(self, key: UUID) -> bool:
        """Tell whether a person added the node, so that no machine wrote it."""
        locks = self.locks.get(str(key))
        return locks is not None and locks.added


def load_origin(snapshot: StructureSnapshot, *, shows_edits: bool) -> PageOrigin:
    """Return who made the words of a snapshot. One statement for an edited one, none for others."""
    if snapshot.engine != EDITED_ENGINE:
        return PageOrigin(models=_list_models(snapshot.provenance))
    generated = snapshot.provenance["edited"]["generated_from"]
    rows = StructureSnapshot.objects.for_tenant(snapshot.tenant).filter(pk=generated)
    provenance = rows.values_list("provenance", flat=True).first() if generated else None
    edits = snapshot.edits if shows_edits else {}
    reasons = [gone["reason"] for gone in edits.get("retired", {}).values()]
    return PageOrigin(
        models=_list_models(provenance or {}),
        is_edited=True,
        is_known=provenance is not None,
        shows_edits=shows_edits,
        locks={key: decode_locks(locks) for key, locks in edits.get("locks", {}).items()},
        removed=sum(reason == Reason.DELETED for reason in reasons),
    )


def _list_models(provenance: Mapping[str, object]) -> list[str]:
    models = provenance.get("models")
    return list(models) if isinstance(models, (list, dict)) else []


def _list_changes(locks: NodeLocks) -> Iterator[str]:
    yield from (gettext(label) for name, label in FIELD_LABELS.items() if name in locks.fields)
    if locks.references_added or locks.references_removed:
        yield gettext("Evidence")
    if locks.place:
        yield gettext("Place")
    if locks.order:
        yield gettext("Order of the parts")
