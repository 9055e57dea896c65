"""What speaks for a file belonging to a row: names of files, days, numbers, and words that both have."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from materials.documents import ChunkKind
from structures.engines.outline.catalog import CourseFile
from structures.engines.outline.design.languages import detect_language
from structures.engines.outline.name_parts import get_stem
from structures.engines.outline.schedules.dates import Day, find_bare_days, find_days
from structures.engines.outline.schedules.rows import Row
from structures.engines.outline.schedules.word_forms import (
    build_forms,
    drop_kinds,
    find_near_words,
    split_words,
)

# What a row's words weigh: those of its title, of what else it says, and of the rows above it.
_TITLE, _DETAILS, _ABOVE = 1.0, 0.5, 0.3
# What a file's words weigh that no row has: they say that it is about something else, but not what.
_UNKNOWN = 0.35
# Words together as rare as this share of a word in one row and one file say enough. A choice.
_ENOUGH = 0.4
# The words of a text are looked at only where name and title say nothing: the first of them, and for less.
_TEXT_WORDS = 300
_TEXT_SHARE = 0.6
# What a name of a file in the row is worth, and its day in the name of the file: more than any words.
_NAMED, _DATED = 3.0, 1.2
_MAX_CANDIDATES = 12
# A word in more rows than this says nothing of one of them, and would make the work quadratic.
_MAX_ROWS_A_WORD = 50
_FILE_NAME = re.compile(r"[^\s,;|()\[\]<>\"'`«»“”]+")


@dataclass(frozen=True, kw_only=True)
class RowWords:
    """The words of a row with what each weighs. `above` are the `id()` of the rows above it."""

    row: Row
    above: frozenset[int]
    title: frozenset[str]
    weights: Mapping[str, float]


@dataclass(kw_only=True)
class Evidence:
    """The rows and files to be matched, with an index of what they say."""

    rows: Sequence[RowWords]
    files: Sequence[CourseFile]
    own_words: Sequence[Sequence[Sequence[str]]]
    rarity: Mapping[str, float]
    forms: Mapping[str, str]
    by_word: Mapping[str, Sequence[int]]
    by_day: Mapping[Day, Sequence[int]]
    by_name: Mapping[int, set[int]] = field(default_factory=dict)

    @classmethod
    def collect(cls, top: Sequence[Row], files: Sequence[CourseFile]) -> Evidence:
        """Return the evidence of the rows below `top` for files."""
        plain = list(_iter_with_above(top))
        row_words = [
            (_split_words(row.title), _split_words(row.details), [w for a in above for w in _split_words(a.title)])
            for row, above in plain
        ]
        file_words = [_list_own_words(file) for file in files]
        said = [w for each in row_words for part in each for w in part]
        in_names = {w for each in file_words for part in each for w in part}
        language = detect_language([" ".join((row.text, row.details)) for row, _ in plain])
        forms = build_forms([*said, *in_names], language)
        of_rows = {forms[word] for word in said}
        near = find_near_words((word for word in in_names if forms[word] not in of_rows), said)
        forms |= {word: forms[whole] for word, whole in near.items()}
        rows = [
            _build_row_words(row, above, parts, forms) for (row, above), parts in zip(plain, row_words, strict=True)
        ]
        own = [[[forms[w] for w in part] for part in each] for each in file_words]
        by_word: defaultdict[str, list[int]] = defaultdict(list)
        for at, each in enumerate(rows):
            for word in each.weights:
                by_word[word].append(at)
        by_day: defaultdict[Day, list[int]] = defaultdict(list)
        for at, each in enumerate(rows):
            for day in each.row.days:
                by_day[day].append(at)
        in_files = Counter(word for each in own for word in {w for part in each for w in part})
        rarity = {
            word: math.log1p(len(rows) / max(1, len(by_word.get(word, ()))))
            * math.log1p(len(files) / max(1, in_files[word]))
            for word in {*by_word, *in_files}
        }  # fmt: skip
        found = cls(
            rows=rows, files=files, own_words=own, rarity=rarity, forms=forms, by_word=by_word, by_day=by_day
        )  # fmt: skip
        found.by_name = _find_names(rows, files)
        return found

    def score_words(self, at: int) -> dict[int, float]:
        """Return how well the words of a file's name and title agree with those of rows, from 0 to 1."""
        best: dict[int, float] = {}
        parts = self.own_words[at]
        every = [word for part in parts for word in part]
        for part in (*parts, every):
            for row, score in self._compare(part).items():
                best[row] = max(best.get(row, 0.0), score)
        return best

    def score_text(self, at: int) -> dict[int, float]:
        """Return how much of the titles of rows the first words of a file's text have, for less."""
        chunks = (c for c in self.files[at].entry.chunks if not c.kind.is_machine_written)
        words = islice((w for chunk in chunks for w in split_words(chunk.text)), _TEXT_WORDS)
        # Forms of words that no name or title has are found by their neighbours in the alphabet alone.
        known = {self.forms[word] for word in words if word in self.forms}
        found: dict[int, float] = {}
        for row in self._find_rows(known):
            title = self.rows[row].title
            whole = sum(self.rarity[w] for w in title)
            shared = sum(self.rarity[w] for w in title & known)
            if whole and shared:
                found[row] = _TEXT_SHARE * shared / whole
        return found

    def score_days(self, at: int) -> dict[int, float]:
        """Return the rows on a day that the file or a folder above it is named after."""
        path = self.files[at].path
        for name in (get_stem(path[-1]), *reversed(path[:-1])):
            days = {day for day, _, _ in find_days(name)} or find_bare_days(name)
            rows = {row for day in days for row in self.by_day.get(day, ())}
            if rows:
                return dict.fromkeys(rows, _DATED)
        return {}

    def score_names(self, at: int) -> dict[int, float]:
        """Return the rows that write the name of a file."""
        return dict.fromkeys(self.by_name.get(at, ()), _NAMED)

    def _find_rows(self, words: Iterable[str]) -> set[int]:
        found: set[int] = set()
        for word in words:
            rows = self.by_word.get(word, ())
            if len(rows) <= _MAX_ROWS_A_WORD:
                found.update(rows)
        return found

    def _compare(self, words: Sequence[str]) -> dict[int, float]:
        own = set(words)
        if not own:
            return {}
        # Of a word that most files or rows have, all of a title is still little.
        enough = _ENOUGH * math.log1p(len(self.rows)) * math.log1p(len(self.files))
        weight = sum(self.rarity[w] * (1.0 if w in self.by_word else _UNKNOWN) for w in own)
        found: dict[int, float] = {}
        for at in self._find_rows(own):
            row = self.rows[at]
            shared = sum(self.rarity[w] * row.weights[w] for w in own if w in row.weights)
            title = sum(self.rarity[w] for w in row.title)
            in_title = sum(self.rarity[w] for w in own & row.title)
            alike = 0.5 * shared / weight + (0.5 * in_title / title if title else 0.0)
            found[at] = alike * min(1.0, shared / enough)
        best = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:_MAX_CANDIDATES]
        return dict(best)


def _split_words(text: str) -> list[str]:
    return drop_kinds(split_words(text))


def _iter_with_above(top: Sequence[Row]) -> Iterator[tuple[Row, tuple[Row, ...]]]:
    waiting: list[tuple[Row, tuple[Row, ...]]] = [(row, ()) for row in reversed(top)]
    while waiting:
        row, above = waiting.pop()
        if not row.is_break:
            yield row, above
        waiting += [(child, (*above, row)) for child in reversed(row.children)]


def _build_row_words(
    row: Row, above: Sequence[Row], parts: Sequence[Sequence[str]], forms: Mapping[str, str]
) -> RowWords:
    weights: dict[str, float] = {}
    for part, weight in zip(parts, (_TITLE, _DETAILS, _ABOVE), strict=True):
        for word in part:
            weights[forms[word]] = max(weights.get(forms[word], 0.0), weight)
    return RowWords(
        row=row, above=frozenset(map(id, above)), title=frozenset(forms[word] for word in parts[0]), weights=weights
    )


def _list_own_words(file: CourseFile) -> list[list[str]]:
    """Return the words of a file's title, of its first heading, and of its name."""
    heading = next((chunk.text for chunk in file.entry.chunks[:1] if chunk.kind is ChunkKind.HEADING), "")
    texts = dict.fromkeys((file.title, heading, get_stem(file.path[-1])))
    return [words for text in texts if (words := _split_words(text))]


def _find_names(rows: Sequence[RowWords], files: Sequence[CourseFile]) -> dict[int, set[int]]:
    """Return for the place of each file whose name rows write the places of these rows."""
    by_name: defaultdict[str, list[int]] = defaultdict(list)
    for at, file in enumerate(files):
        name = file.path[-1].casefold()
        stem = name.rsplit(".", 1)[0]
        by_name[name].append(at)
        # A plain word is no name of a file, `week3_slides` is.
        if re.search(r"[\d_-]", stem) and re.search(r"[^\W\d_]", stem):
            by_name[stem].append(at)
    spaced = {name for name in by_name if " " in name}
    found: defaultdict[int, set[int]] = defaultdict(set)
    for at, each in enumerate(rows):
        text = f"{each.row.text} ; {each.row.details}".casefold()
        tokens = {token.strip(".:*_").rsplit("/", 1)[-1] for token in _FILE_NAME.findall(text)}
        if spaced:
            parts = (part.strip(" .:*`\"'") for part in re.split(r"[;,|()\[\]]|\s[-–—]\s", text))
            tokens |= {part for part in parts if part in spaced}
        for token in tokens:
            for place in by_name.get(token, ()):
                found[place].add(at)
    return found
