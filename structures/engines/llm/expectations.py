"""What a request says of the form of answers, as far as letters can show that an answer does not hold to it.

Language and depth are checked, roughly enough that a good answer is hardly ever refused: a neighbouring language or an
answer of half the length passes. Whether a text suits an audience no count of letters shows; that is only asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from materials.documents import ChunkKind
from materials.languages import detect_language, find_other_language
from structures.engines.base.requests import Depth
from structures.engines.base.sources import SourceEntry
from structures.engines.llm.scripts import find_main_script, list_scripts, name_scripts

# Some ten words. Titles, terms and names of fewer may be Latin in a course of any language.
MIN_LETTERS = 60
# A lesson of one page may be written of any materials, however brief: a heading alone has an exercise in it.
MAX_BRIEF_LETTERS = 1_500
# Of materials of a few pages, a detailed answer that is a twentieth of them has passed over most. Both are choices:
# the prompt asks for every concept with a definition and for whole tasks.
MIN_DETAILED_SHARE, MIN_MATERIALS_OF_DETAILED = 0.05, 6_000

_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """The languages of which an answer must be one, their scripts, and how much it should say. Empty: not known."""

    languages: frozenset[str] = frozenset()
    scripts: frozenset[str] = frozenset()
    depth: Depth | None = None

    def find_language_faults(self, sentences: Iterable[str]) -> list[str]:
        """Return what is wrong with the language of an answer's sentences, as a clause; nothing when it is right."""
        texts = [_CODE.sub(" ", text) for text in sentences]
        if _count_letters(texts) < MIN_LETTERS:
            return []
        script = find_main_script(texts)
        if script and self.scripts and script not in self.scripts:
            return [f"it is written in {name_scripts({script})} letters, and not in {name_scripts(self.scripts)} ones"]
        other = find_other_language(texts, self.languages)
        named = " or ".join(f'"{language}"' for language in sorted(self.languages))
        return [f'it is written in the language "{other}", and not in {named}'] if other else []

    def find_depth_faults(self, texts: Iterable[str], materials: Sequence[str]) -> list[str]:
        """Return what is wrong with the length of an answer about these materials, as a clause."""
        if self.depth not in {Depth.BRIEF, Depth.DETAILED}:
            return []
        written, read = _count_letters(texts), _count_letters(materials)
        if self.depth is Depth.BRIEF and written > max(read, MAX_BRIEF_LETTERS):
            return [f"it has {written:,} letters, more than the materials ({read:,}), and should be brief"]
        is_long = read >= MIN_MATERIALS_OF_DETAILED
        if self.depth is Depth.DETAILED and is_long and written < MIN_DETAILED_SHARE * read:
            return [f"it has {written:,} letters about materials of {read:,}, and should be detailed"]
        return []


NOTHING_EXPECTED = Expectation()


def build_expectation(entries: Iterable[SourceEntry], *, language: str, depth: Depth | None) -> Expectation:
    """Return what is expected of answers about these materials.

    Without a `language` an answer must be in one of the materials' languages, or in their script when no language is
    known.
    """
    if language:
        return Expectation(languages=frozenset({language}), scripts=list_scripts(language), depth=depth)
    entries = tuple(entries)
    languages = frozenset(entry.language for entry in entries if entry.language)
    if not languages:
        found = detect_language(_iter_prose(entries))
        languages = frozenset({found} if found else ())
    if languages:
        known = [list_scripts(each) for each in languages]
        scripts = frozenset[str]().union(*known) if all(known) else frozenset[str]()
    else:
        script = find_main_script(_iter_prose(entries))
        scripts = frozenset({script} if script else ())
    return Expectation(languages=languages, scripts=scripts, depth=depth)


def _iter_prose(entries: Iterable[SourceEntry]) -> Iterable[str]:
    # The keywords of code are Latin in every course.
    return (chunk.text for entry in entries for chunk in entry.chunks if chunk.kind is not ChunkKind.CODE)


def _count_letters(texts: Iterable[str]) -> int:
    return sum(character.isalpha() for text in texts for character in text)
