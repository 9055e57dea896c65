"""Reading glossaries: definition lists, tables, rows, and headings or emphasised terms with the text behind them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from materials.documents import ChunkKind
from structures.engines.base.sentences import split_text
from structures.engines.base.sources import SourceChunk
from structures.engines.outline import names, words
from structures.engines.outline.concepts.definiens import names_kind
from structures.engines.outline.concepts.languages import Language
from structures.engines.outline.concepts.terms import clean_term, is_term
from structures.engines.outline.concepts.word_lists import (
    GLOSSARY_TITLES,
    MEANING_COLUMNS,
    MEANING_LABELS,
    TERM_COLUMNS,
)

# A glossary's terms may be phrases ("Transmission Control Protocol and Internet Protocol").
_MAX_GLOSSARY_TERM_WORDS = 8
# "Unchangeable." alone says little; with the next sentence it is a definition.
_MIN_FIRST_SENTENCE_WORDS = 3
# Of a list without a heading that says so, this much must say what something is, so that it counts as a glossary as a
# whole. On the sample courses 0.5 takes lists of settings and of advantages, 0.9 loses lists with one loose item.
_MIN_NAMING_SHARE = 0.75

_SECTION = words.compile_full_match(GLOSSARY_TITLES)
_TERM_COLUMN = words.compile_full_match(TERM_COLUMNS)
_MEANING_COLUMN = words.compile_full_match(MEANING_COLUMNS)
# "Term: legend. Definition: what the signs mean", also in two lines, and "Term: legend - what the signs mean".
_TERM_LABEL = re.compile(
    r"^\W*(?:term|word|concept|термін|поняття|термин|понятие|término|begriff|terme|pojęcie|termin|termo|termine|术语)\s*[:：]\s*"
    rf"(?P<term>[^\n:：]{{2,70}}?)(?:[\s;.,，。]+{MEANING_LABELS}|\s*(?:\n|[—–]|\s-\s)\s*)(?P<text>\S[^\n]*)",
    re.IGNORECASE,
)
_ITEM_MARK = re.compile(r"^\s*(?:-|\d{1,3}\.)\s+")
# What stands between a term and its definition. The term comes first, so that the work is bounded by its length.
_ROW = re.compile(
    r"^(?P<term>(?:\[[^\]\n]{1,80}\](?:\{[^}\n]*\}|\([^)\n]*\))?|[^\n:：=]{1,80}?)(?:\s*\([^()\n]{1,60}\))?)"
    r"\s*(?:[:：]\s*|\s[=—–-]{1,2}\s+|[—–]\s+|——\s*)(?P<text>\S.*)$"
)
# Where a sentence ends and a few words with a colon or dash follow.
_ROW_START = re.compile(r"(?<=[.;!?。])\s+(?=(?:[^\s:：—–.]+ ){0,3}[^\s:：—–.]+\s*(?::\s|：|\s[—–-]\s))")
_ANCHORED = re.compile(r"^\[[^\]\n]+\]\{#")
_CROSS_REFERENCE = re.compile(
    r"^(?:see(?: also)?|compare|cf\.?|див\.?|см\.?|véase|siehe|voir|zob\.?|ver|vedi|参见)(?!\w)", re.IGNORECASE
)
_RULE = re.compile(r"^[\s|:-]+$")
_BRACKETS_BEHIND = re.compile(r"\s*\([^()]*\)$")


@dataclass(frozen=True, kw_only=True)
class GlossaryEntry:
    """A term with its meaning. `text` is the definition without the term, `quote` the row as the chunk has it."""

    term: str
    text: str
    quote: str


def is_glossary_title(title: str) -> bool:
    """Tell whether a heading or a file's name announces a glossary."""
    return _SECTION.fullmatch(names.clean_title(title).strip(" .:：")) is not None


def read_glossary(chunk: SourceChunk, language: Language, *, is_announced: bool) -> list[GlossaryEntry]:
    """Return the entries of a chunk that is a glossary or a part of one, in order; none where it is neither.

    Where no heading has announced a glossary (`is_announced`), a table must name its columns and the rows of a list
    must say what something is.
    """
    if chunk.kind is ChunkKind.TABLE:
        return list(_read_table(chunk, is_announced=is_announced))
    if chunk.kind in {ChunkKind.CODE, ChunkKind.HEADING, ChunkKind.DESCRIPTION, ChunkKind.TRANSCRIPT}:
        return []
    labelled = _TERM_LABEL.match(chunk.text)
    if labelled is not None and is_term(labelled["term"], longest=_MAX_GLOSSARY_TERM_WORDS, is_listed=True):
        return [
            GlossaryEntry(
                term=clean_term(labelled["term"]),
                text=_take_definition(labelled["text"]),
                quote=labelled.group(0).strip(),
            )
        ]
    lines = [_ITEM_MARK.sub("", line).strip() for line in chunk.text.split("\n")]
    has_entries = is_announced or any(_ANCHORED.match(line) for line in lines)
    if not has_entries and not (chunk.kind is ChunkKind.LIST and chunk.emphasised):
        return []
    if is_announced and chunk.kind is not ChunkKind.LIST:
        # Rows that a reader joined to one paragraph, as Markdown does.
        lines = [line for joined in lines for line in _ROW_START.split(joined)]
    rows = [(line, entry) for line in lines if line and (entry := _read_row(line, chunk.emphasised)) is not None]
    if has_entries:
        return [entry for _, entry in rows]
    if len(rows) < 2 or len(rows) < len([line for line in lines if line]):
        return []
    marked = {clean_term(term).casefold() for term in chunk.emphasised}
    if not all(entry.term.casefold() in marked for _, entry in rows):
        return []
    naming = sum(
        names_kind(entry.text, language) and entry.term.casefold() not in entry.text.casefold() for _, entry in rows
    )
    return [entry for _, entry in rows if is_term(entry.term)] if naming >= _MIN_NAMING_SHARE * len(rows) else []


def read_defined_heading(heading: SourceChunk, body: list[SourceChunk]) -> tuple[GlossaryEntry, SourceChunk] | None:
    """Return the entry that a heading inside a glossary makes with the text below it, and the chunk that defines."""
    first = next((chunk for chunk in body if chunk.kind is ChunkKind.PARAGRAPH), None)
    # One letter orders the entries: "A", "B".
    if (
        first is None
        or not is_term(heading.text, longest=_MAX_GLOSSARY_TERM_WORDS, is_listed=True)
        or len(heading.text) < 2
    ):
        return None
    text = _take_definition(first.text)
    return (GlossaryEntry(term=clean_term(heading.text), text=text, quote=text), first) if text else None


def _read_row(line: str, emphasised: tuple[str, ...]) -> GlossaryEntry | None:
    found = _ROW.match(line)
    term, text = (found["term"], found["text"]) if found is not None else ("", "")
    if found is None:
        # "**Term** the meaning": only the emphasis says where the term ends.
        start = next((said for said in emphasised if line.startswith(said) and len(line) > len(said) + 1), None)
        if start is None:
            return None
        term, text = start, line[len(start) :].lstrip(" :.—–-")
    bare = clean_term(term)
    if bare.endswith(")"):
        bare = _BRACKETS_BEHIND.sub("", bare) or bare
    if not is_term(bare, longest=_MAX_GLOSSARY_TERM_WORDS, is_listed=True):
        return None
    definition = _take_definition(text)
    if not definition or _CROSS_REFERENCE.match(definition):
        return None
    end = line.find(definition) + len(definition)
    return GlossaryEntry(term=bare, text=definition, quote=line[:end])


def _read_table(chunk: SourceChunk, *, is_announced: bool) -> Iterator[GlossaryEntry]:
    rows = [line for line in chunk.text.split("\n") if "|" in line]
    if len(rows) < 2:
        return
    header = _split_cells(rows[0])
    term_at = next((at for at, cell in enumerate(header) if _TERM_COLUMN.fullmatch(cell)), None)
    text_at = next((at for at, cell in enumerate(header) if _MEANING_COLUMN.fullmatch(cell) and at != term_at), None)
    if term_at is None or text_at is None:
        if not is_announced or len(header) != 2:
            return
        term_at, text_at = 0, 1
    for row in rows[1:]:
        cells = _split_cells(row)
        if _RULE.match(row) or len(cells) <= max(term_at, text_at):
            continue
        term, text = cells[term_at], _take_definition(cells[text_at])
        if text and is_term(term, longest=_MAX_GLOSSARY_TERM_WORDS, is_listed=True):
            # Both cells stand in the row, with a line between them.
            yield GlossaryEntry(term=clean_term(term), text=text, quote=row.strip().strip("|").strip())


def _split_cells(row: str) -> list[str]:
    return [cell.replace("\\|", "|").strip(" *_`") for cell in re.split(r"(?<!\\)\|", row.strip().strip("|"))]


def _take_definition(text: str) -> str:
    """Return the first sentence of a meaning, with the next one where the first has hardly a word."""
    sentences = list(split_text(text))
    if not sentences:
        return ""
    taken = sentences[0]
    if (
        len(taken.split()) < _MIN_FIRST_SENTENCE_WORDS
        and len(sentences) > 1
        and not _CROSS_REFERENCE.match(sentences[1])
    ):
        end = text.find(sentences[1]) + len(sentences[1])
        taken = text[text.find(taken) : end]
    return taken.strip().rstrip(";")
