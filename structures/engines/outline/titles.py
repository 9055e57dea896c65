"""Titles for people: without labels, numbers, anchors, icons and the remains of markup."""

from __future__ import annotations

import re

from materials.documents import ChunkKind
from structures.engines.base.drafts import Citation
from structures.engines.base.sources import SourceChunk, SourceEntry
from structures.engines.base.text import normalize_quote
from structures.engines.outline import names, words

# A document names its title near its beginning; further down the same words are a mention. A choice: a quarter and
# twice of it give the same titles on the sample courses.
_TITLE_CHUNKS = 20
# Characters of a title that is cleaned, as many as a title of a structure has: a longer one is a text that was set as a
# heading, and the patterns for labels and anchors take a time that grows with the square of its length.
_MAX_LENGTH = 500
_ANCHOR = re.compile(r"\s*(?:\[\[[^\]]*\]\]|\{[#.:][^}]*\}|\[¶\]\([^)]*\)|¶)\s*$")
_ICON = re.compile(
    r":(?:fontawesome|material|octicons|simple|fa)-[\w-]+:|:[a-z0-9_+-]+:(?=\s|$)|"
    r"</?(?:br|b|i|em|strong|code|kbd|span|img|a|sup|sub|p|div|u|font|small|h[1-6])\b[^<>]{0,200}>",
    re.IGNORECASE,
)
# `Lesson 1.2: Variables`, `Lab 3 - Loops`, `2.1 Introduction`.
_NUMBERED_LABEL = re.compile(
    rf"^\W*(?:(?P<label>{words.DIVISIONS}|{words.EXERCISES})\s*[№#]?\s*)?(?P<number>\d{{1,3}}(?:\.\d{{1,3}}){{0,3}})(?P<sign>\s*[.:)\-–—|·]+\s+|\s+|$)",
    re.IGNORECASE,
)
_HASH = re.compile(r"^[0-9a-f]{8,}$|^[0-9a-f]{8}-[0-9a-f-]{20,}$", re.IGNORECASE)


def clean_title(title: str) -> str:
    """Return a title as people read it; one that is only a label, or longer than titles are, is returned as it is."""
    if len(title) > _MAX_LENGTH:
        return " ".join(title.split())
    text = _ICON.sub(" ", title)
    while (bare := _ANCHOR.sub("", text)) != text:
        text = bare
    text = " ".join(text.split())
    found = _NUMBERED_LABEL.match(text)
    if found is not None and (found["label"] or "." in found["number"] or found["sign"].strip()):
        rest = text[found.end() :].strip()
        if any(c.isalpha() for c in rest):
            text = rest
    return names.clean_title(text)


def find_number(title: str) -> str:
    """Return the number in a title's label, as `1.2` of `Lesson 1.2: Variables`; blank without one."""
    found = _NUMBERED_LABEL.match(title)
    if found is None or not (found["label"] or "." in found["number"] or found["sign"].strip()):
        return ""
    return found["number"]


def find_own_title(entry: SourceEntry) -> str:
    """Return the title that an entry gives itself, cleaned; blank when it gives none that says anything."""
    return next((clean_title(title) for title in list_own_titles(entry) if is_meaningful(title)), "")


def list_own_titles(entry: SourceEntry) -> list[str]:
    """Return what an entry calls itself as it stands there: its title, and a heading that nothing stands before."""
    said = entry.metadata.get("title")
    first = entry.chunks[0] if entry.chunks else None
    heading = first.text if first is not None and first.kind is ChunkKind.HEADING else ""
    return [title for title in (entry.title, said if isinstance(said, str) else "", heading) if title.strip()]


# Titles that many courses have, and that still say what a lesson is for. Unlike them, `Learning outcomes` or `Notes`
# are headings of a part of any lesson.
_WEAK_TITLE = words.compile_full_match(
    "introduction|intro|overview|summary|conclusions?|setup|appendix|getting started|review|recap|welcome|"
    "background|motivation|"
    "prerequisites|foreword|preface|discussion|next steps|wrap[- ]?up|"
    "вступ|огляд|підсумки?|висновк[иа]|узагальнення|повторення|передмова|введение|обзор|итоги?|"
    "einführung|einleitung|überblick|zusammenfassung|fazit|vorwort|wiederholung|"
    "aperçu|résumé|bilan|avant-propos|révision|introducción|resumen|conclusi[óo]n(?:es)?|repaso|prólogo|"
    "wprowadzenie|wstęp|podsumowanie|wnioski|powtórka|introdução|resumo|conclusão|revisão|introduzione|riepilogo|conclusione|"
    "引言|导论|总结|复习"
)


def is_weak(title: str) -> bool:
    """Tell whether a title is one that many lessons have, such as `Introduction`."""
    return _WEAK_TITLE.fullmatch(clean_title(title)) is not None


def find_weak_title(entry: SourceEntry) -> str:
    """Return a title of an entry's own that many lessons have, such as `Introduction`; blank without one."""
    return next((t for t in list_own_titles(entry) if is_weak(t)), "")


def find_first_heading(entry: SourceEntry) -> SourceChunk | None:
    """Return the first heading that says something; None when no heading does."""
    return next((c for c in entry.chunks if c.kind is ChunkKind.HEADING and is_meaningful(c.text)), None)


def is_meaningful(title: str) -> bool:
    """Tell whether a title says what its document is about: `Introduction`, `Slide 3` and hashes do not."""
    bare = clean_title(title)
    return names.is_meaningful_title(bare) and _HASH.fullmatch(bare.replace(" ", "")) is None


def cite_title(entry: SourceEntry, title: str) -> tuple[Citation, ...]:
    """Return a citation of where a title stands near the beginning of an entry; none when it stands nowhere."""
    wanted = normalize_quote(title)
    chunk = next((c for c in entry.chunks[:_TITLE_CHUNKS] if wanted in normalize_quote(c.text)), None)
    return (Citation(chunk_id=chunk.id, quote=title),) if chunk is not None else ()
