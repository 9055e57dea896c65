"""Files of one node that belong together: recordings and captions of the same name."""

from __future__ import annotations

from collections.abc import Sequence
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
    rows = MaterialEntry.objects.for_tenant(entry.tenant).filter(
        node=entry.node_id, format__in=[Format.VTT, Format.SRT], name__istartswith=_get_stem(entry.name)
    )
    by_position = list(rows.order_by("position"))
    chosen = rank_sidecar_captions(
        entry.name, [row.name for row in by_position], language=entry.language or entry.node.language
    )
    return [by_position[number] for number in chosen]


def rank_sidecar_captions(recording: str, captions: Sequence[str], *, language: str) -> list[int]:
    """Return the places of those names of caption files that are captions of a recording, by names of one folder.

    Those in the language (BCP 47, may be blank) come first, then the order of the names counts.
    """
    stem, language = _get_stem(recording), language.lower()
    ranked = []
    for number, name in enumerate(captions):
        before, rest = _get_stem(name)[: len(stem)], _get_stem(name)[len(stem) :]
        if before.lower() != stem.lower():
            continue
        if rest and not (rest.startswith(".") and "." not in rest[1:] and len(rest) <= _MAX_LANGUAGE_SUFFIX):
            continue
        ranked.append((rest[1:].lower() != language if rest and language else bool(rest), number))
    return [number for _, number in sorted(ranked)]


def find_captioned_recordings(captions: MaterialEntry) -> list[MaterialEntry]:
    """Return the recordings in the node that have the captions' name."""
    rows = MaterialEntry.objects.for_tenant(captions.tenant).with_job().select_related("node")
    chosen = rows.filter(node=captions.node_id, format__in=[Format.VIDEO, Format.AUDIO])
    return [row for row in chosen if captions.pk in {found.pk for found in find_sidecar_captions(row)}]


def _get_stem(name: str) -> str:
    return PurePosixPath(name).stem
