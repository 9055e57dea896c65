"""Files of one node that belong together: recordings and captions of the same name."""

from __future__ import annotations

from pathlib import PurePosixPath

from materials.documents import Format
from materials.models import MaterialEntry

# In characters with the dot. Covers the tags that captions are named by (`.en`, `.pt-BR`, `.zh-Hans`); longer endings
# are other words of a name, as in `talk.backstage.vtt`.
_MAX_LANGUAGE_SUFFIX = 8


def find_sidecar_captions(entry: MaterialEntry) -> list[MaterialEntry]:
    """Return the captions in the entry's node that have its name, those in its language first.

    `talk.vtt` and `talk.en.vtt` are captions of `talk.mp4`. Empty when the entry must not use captions.
    """
    if not entry.use_captions:
        return []
    stem, language = _get_stem(entry.name), (entry.language or entry.node.language).lower()
    rows = MaterialEntry.objects.for_tenant(entry.tenant).filter(
        node=entry.node_id, format__in=[Format.VTT, Format.SRT], name__istartswith=stem
    )
    ranked = []
    for row in rows.order_by("position"):
        rest = _get_stem(row.name)[len(stem) :]
        if rest and not (rest.startswith(".") and "." not in rest[1:] and len(rest) <= _MAX_LANGUAGE_SUFFIX):
            continue
        ranked.append((rest[1:].lower() != language if rest and language else bool(rest), row.position, row))
    return [row for *_, row in sorted(ranked, key=lambda found: found[:2])]


def find_captioned_recordings(captions: MaterialEntry) -> list[MaterialEntry]:
    """Return the recordings in the node that have the captions' name."""
    rows = MaterialEntry.objects.for_tenant(captions.tenant).with_job().select_related("node")
    chosen = rows.filter(node=captions.node_id, format__in=[Format.VIDEO, Format.AUDIO])
    return [row for row in chosen if captions.pk in {found.pk for found in find_sidecar_captions(row)}]


def _get_stem(name: str) -> str:
    return PurePosixPath(name).stem
