"""Matching files with the rows of a schedule: each file with the row for which most speaks, where that is clear."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from structures.engines.outline.catalog import CourseFile
from structures.engines.outline.schedules.evidence import Evidence
from structures.engines.outline.schedules.numbering import find_numbered
from structures.engines.outline.schedules.rows import Row

# A file is matched when this much speaks for a row: half of the words of its name and half of those of the row are 0.5.
# A choice: of the courses that it was tried on, wrong pairs have less.
_MIN_SCORE = 0.3
# The second best row must have less than this share of the best one's score.
_MAX_RIVAL = 0.88
# What a number that is trusted adds: it decides between rows with words alike, and where there are no words.
_NUMBERED = 0.8
# A row that has a file of the same kind is worth this much to another one: it may have several, but another row that is
# nearly as good is likelier.
_TAKEN = 0.8


@dataclass(frozen=True, kw_only=True)
class Matches:
    """The row of each file that is matched, by the `id()` of the file."""

    rows: Mapping[int, Row]


def match_files(top: Sequence[Row], files: Sequence[CourseFile]) -> Matches:
    """Return the rows below `top` to which files belong.

    The clearest pairs are matched first over all files, so that a file does not take the row of another one because it
    is asked earlier. A file for which several rows speak alike goes to the only one of them without such a file.
    """
    evidence = Evidence.collect(top, files)
    scores = [_score(evidence, at) for at in range(len(files))]
    clear = {at: row for at, each in enumerate(scores) if (row := _find_clear(evidence, each)) is not None}
    for at, rows in find_numbered(evidence.rows, files, clear).items():
        for row in rows:
            scores[at][row] = scores[at].get(row, 0.0) + _NUMBERED
    placed = _Assignment(evidence, files, scores)
    placed.assign_clear()
    placed.assign_rest()
    return Matches(rows={id(files[at]): evidence.rows[row].row for at, row in placed.found.items()})


def _score(evidence: Evidence, at: int) -> dict[int, float]:
    words = evidence.score_words(at)
    total = defaultdict(float, words)
    sure = [evidence.score_names(at), evidence.score_days(at)]
    for each in sure:
        for row, score in each.items():
            total[row] += score
    if not any(sure) and max(words.values(), default=0.0) < _MIN_SCORE:
        for row, score in evidence.score_text(at).items():
            total[row] = max(total[row], score)
    return dict(total)


def _find_clear(evidence: Evidence, scores: Mapping[int, float]) -> int | None:
    """Return the row for which clearly most speaks; None when none does, or several do."""
    ranked = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    if not ranked or ranked[0][1] < _MIN_SCORE:
        return None
    best, score = ranked[0]
    rivals = [row for row, other in ranked[1:] if other > _MAX_RIVAL * score]
    # Of a row and one below it the inner one says more.
    inner = [row for row in rivals if id(evidence.rows[best].row) in evidence.rows[row].above]
    outer = [row for row in rivals if id(evidence.rows[row].row) in evidence.rows[best].above]
    if len(inner) == 1 and len(inner) + len(outer) == len(rivals):
        return inner[0]
    return best if len(outer) == len(rivals) else None


class _Assignment:
    """Gives files to rows, the surest pairs first."""

    def __init__(self, evidence: Evidence, files: Sequence[CourseFile], scores: Sequence[Mapping[int, float]]) -> None:
        self._evidence = evidence
        self._files = files
        self._scores = scores
        self.found: dict[int, int] = {}
        self._taken: defaultdict[int, set[object]] = defaultdict(set)

    def assign_clear(self) -> None:
        """Match the files for which one row is clearly the best."""
        heap = [(-max(each.values()), at) for at, each in enumerate(self._scores) if each]
        heapq.heapify(heap)
        asked: set[int] = set()
        while heap:
            score, at = heapq.heappop(heap)
            now = self._lower(at)
            best = max(now.values())
            # A row was taken meanwhile: the file waits until others with as much have been asked.
            if -score > best and at not in asked:
                asked.add(at)
                heapq.heappush(heap, (-best, at))
                continue
            if (row := _find_clear(self._evidence, now)) is not None:
                self._give(at, row)

    def assign_rest(self) -> None:
        """Match the files for which several rows speak alike with the only one of them that has no such file."""
        for at, scores in enumerate(self._scores):
            if at in self.found or not scores or max(scores.values()) < _MIN_SCORE:
                continue
            best = max(scores.values())
            free = [
                row
                for row, score in scores.items()
                if score > _MAX_RIVAL * best and self._get_kind(at) not in self._taken[row]
            ]
            if len(free) == 1:
                self._give(at, free[0])

    def _lower(self, at: int) -> dict[int, float]:
        kind = self._get_kind(at)
        return {
            row: score * (_TAKEN if score < 1 and kind in self._taken[row] else 1.0)
            for row, score in self._scores[at].items()
        }

    def _give(self, at: int, row: int) -> None:
        self.found[at] = row
        self._taken[row].add(self._get_kind(at))

    def _get_kind(self, at: int) -> object:
        file = self._files[at]
        return file.role, file.entry.format
