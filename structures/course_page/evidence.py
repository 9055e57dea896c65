"""The evidence of one reference as it stands today: the text around the quote, and where to see or hear it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext

from materials.documents import ChunkKind, Format, WordsPlace
from materials.models import Chunk, MaterialEntry
from project.errors import NotFound
from structures.course_page.sections import PageEvidence, build_page_evidence
from structures.export_files.passages import can_draw_page
from structures.exports.languages import DEFAULT_LABEL_LANGUAGE
from structures.grounding.passage_lines import TALK_NEIGHBOURS, TEXT_NEIGHBOURS, PassageLine, build_line, format_seconds
from structures.grounding.quoted_words import QuotedWords
from structures.grounding.quotes import find_quoted_text, split_at_quote
from structures.models import Reference
from tenants.models import Tenant

# Of a page or slide. Slides hold fewer; of a page with more, those around the quote are shown.
_MAX_PAGE_CHUNKS = 60


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What opening a reference shows.

    `lines` are empty when the quote is not in the materials any more, and `notice` says so. `player` is `video` or
    `audio` for a recording that can be played, from `start_seconds`; `has_captions` says that its words are known, and
    `spoken_language` their BCP 47 tag, blank when it is unknown. `has_picture` says that the cited page can be drawn.
    `source_url` is the web page that the material comes from. Labels are in `label_language`.
    """

    reference: PageEvidence
    label_language: str
    snapshot_id: UUID
    lines: Sequence[PassageLine]
    notice: str
    player: str
    start_seconds: str
    has_captions: bool
    spoken_language: str
    has_picture: bool
    page: int | None
    source_url: str


def get_reference(*, tenant: Tenant, snapshot_id: UUID, reference_id: UUID) -> Reference:
    """Return a reference of the tenant's snapshot. Raises NotFound."""
    try:
        return Reference.objects.get(tenant=tenant, snapshot=snapshot_id, pk=reference_id)
    except Reference.DoesNotExist:
        raise NotFound(f"The snapshot has no reference {reference_id}.") from None


def get_cited_entry(*, tenant: Tenant, reference: Reference) -> MaterialEntry:
    """Return the entry that a reference cites. Raises NotFound when it has been deleted."""
    entry = _find_entry(tenant, reference)
    if entry is None:
        raise NotFound(f"{reference.entry_name} is no longer among the materials.")
    return entry


def load_evidence(
    *, tenant: Tenant, snapshot_id: UUID, reference_id: UUID, label_language: str = DEFAULT_LABEL_LANGUAGE
) -> Evidence:
    """Return a reference's evidence from today's materials. Seven statements at most. Raises NotFound."""
    with translation.override(label_language):
        return _load_evidence(tenant, snapshot_id, reference_id, label_language)


def _load_evidence(tenant: Tenant, snapshot_id: UUID, reference_id: UUID, label_language: str) -> Evidence:
    reference = get_reference(tenant=tenant, snapshot_id=snapshot_id, reference_id=reference_id)
    entry = _find_entry(tenant, reference)
    found = _find_quoted_chunk(tenant, reference) if entry is not None else None
    words = _find_words_today(reference, found) or reference.locator.words
    lines = _load_lines(tenant, found, reference.quote, words) if found is not None else []
    start_ms = reference.start_ms if words is None or words.start_ms is None else words.start_ms
    is_playable = entry is not None and bool(entry.object_key) and reference.start_ms is not None
    player = entry.format if is_playable and entry and entry.format in {Format.VIDEO, Format.AUDIO} else ""
    return Evidence(
        reference=build_page_evidence(reference),
        label_language=label_language,
        snapshot_id=snapshot_id,
        lines=lines,
        notice=_describe_change(reference, entry, is_found=found is not None),
        player=player,
        start_seconds=format_seconds(start_ms or 0),
        has_captions=bool(player) and _has_transcript(tenant, reference, lines),
        spoken_language=(entry.spoken_language or entry.text_language) if entry is not None else "",
        has_picture=entry is not None and can_draw_page(reference, entry),
        page=reference.page,
        source_url=_build_source_url(reference, entry),
    )


def find_quoted_words(*, tenant: Tenant, reference: Reference) -> WordsPlace | None:
    """Return where the words of a reference stand; None where it is not known. No statement where the reference says.

    Else four at most: snapshots that are older than such places may be of chunks that have them by now.
    """
    return reference.locator.words or _find_words_today(reference, _find_quoted_chunk(tenant, reference))


def _find_words_today(reference: Reference, quoted: Chunk | None) -> WordsPlace | None:
    return None if quoted is None else QuotedWords(quoted).find_place(reference.quote)


def _find_entry(tenant: Tenant, reference: Reference) -> MaterialEntry | None:
    return MaterialEntry.objects.for_tenant(tenant).filter(pk=reference.entry_id).first()


def _find_quoted_chunk(tenant: Tenant, reference: Reference) -> Chunk | None:
    """Return the chunk that holds the quote today: the same as then, or another of the entry; None without one."""
    chunks = Chunk.objects.for_tenant(tenant).filter(entry=reference.entry_id)
    same = chunks.filter(pk=reference.chunk_id).first()
    if same is not None and split_at_quote(same.text, reference.quote):
        return same
    # An ingestion replaces all chunks of an entry, so that most quotes stand in a new one.
    exact = chunks.filter(text__contains=reference.quote).order_by("position").first()
    if exact is not None:
        return exact
    # Another reader may divide lines otherwise, or write quotation marks in another way.
    texts = chunks.order_by("position").values_list("pk", "text").iterator()
    found = find_quoted_text(texts, reference.quote)
    return None if found is None else chunks.filter(pk=found).first()


def _load_lines(tenant: Tenant, quoted: Chunk, quote: str, words: WordsPlace | None) -> list[PassageLine]:
    """Return the chunks around the one that is quoted. One statement."""
    chunks = Chunk.objects.for_tenant(tenant).filter(entry=quoted.entry_id)
    if quoted.slide is not None or quoted.page is not None:
        near = chunks.filter(Q(slide=quoted.slide, page=quoted.page))
        reach = _MAX_PAGE_CHUNKS // 2
    else:
        near = chunks
        reach = TALK_NEIGHBOURS if quoted.kind == ChunkKind.TRANSCRIPT else TEXT_NEIGHBOURS
    near = near.filter(position__range=(quoted.position - reach, quoted.position + reach))
    return [
        build_line(row, quote, words) if row.pk == quoted.pk else build_line(row)
        for row in near.without_word_boxes().order_by("position")
    ]


def _has_transcript(tenant: Tenant, reference: Reference, lines: Sequence[PassageLine]) -> bool:
    """Tell whether the cited recording has a transcript. One statement when no line of it is shown, else none."""
    if any(line.kind == ChunkKind.TRANSCRIPT for line in lines):
        return True
    chunks = Chunk.objects.for_tenant(tenant).filter(entry=reference.entry_id, kind=ChunkKind.TRANSCRIPT)
    return not lines and chunks.exists()


def _describe_change(reference: Reference, entry: MaterialEntry | None, *, is_found: bool) -> str:
    """Return what has changed since the structure was made, when the quote is affected; else blank."""
    if entry is None:
        return gettext("This source is no longer among the materials. The words are those that stood in it then.")
    if not is_found:
        return gettext(
            "These words are not in the source any more: it was corrected or replaced since. They are those that stood "
            "in it then."
        )
    return ""


def _build_source_url(reference: Reference, entry: MaterialEntry | None) -> str:
    """Return where the material comes from on the web, at the cited place; blank for anything but http(s)."""
    url = entry.source_url if entry is not None else ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    # Nobody may store another scheme as an address, but an old row or an import might; a browser would run it.
    if parts.scheme not in {"http", "https"}:
        return ""
    if reference.fragment:
        return parts._replace(fragment=reference.fragment).geturl()
    if reference.page is not None:
        return parts._replace(fragment=f"page={reference.page}").geturl()
    return url
