"""Cue phrases: how much what is said at a place speaks for a part of a talk ending or beginning there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from structures.engines.outline.talks import phrases

# In nats: the logarithm of how much more often a cue stands at the join of two talks than at other places. On one half
# of the chapters of a recorded course in English (36 joins among 4,600 sentences) it was 5.1 for greetings, 4.6 for
# announcements, 3.6 for transitions, 0.6 for steps, 6.9 for farewells, 5.2 for previews and 5.4 for recaps; without
# punctuation 5.0, 3.2, 2.8, 1.7, 6.1, 4.9 and 3.2. They are rounded down, because other speakers mean less by them:
# "let's start" begins a sentence in the middle of a demonstration, too. Half of all of them finds as many joins there,
# but fewer in talks where one sentence leads from subject to subject; twice makes 75 cuts for 36 joins instead of 49.
GREETING, ANNOUNCEMENT, TRANSITION, STEP = 5.0, 3.5, 2.0, 0.5
FAREWELL, PREVIEW, RECAP = 5.0, 4.0, 3.0
# Nearly all noted sounds of that course stand at joins; in talks about music or films they would not.
SOUND = 4.0

# How far into an utterance an opening may begin, in characters: "okay, so" and the like stand before it.
_MAX_LEAD_IN = 25
# What of an utterance is searched, in characters: at the beginning the lead-in and the longest phrase, at the end some
# twenty words, since "see you" is followed by where and when.
_HEAD, _TAIL = 90, 130

_SOUND = re.compile(
    rf"[\[(*♪♫][^\])*\n]{{0,40}}?(?<![^\W㐀-鿿])(?:{phrases.SOUNDS})[^\])*\n]{{0,40}}[\])*]|[♪♫]+", re.IGNORECASE
)


@dataclass(frozen=True, kw_only=True)
class CueLexicon:
    """The cue phrases of one language, each kind with its weight, the heaviest first."""

    openings: tuple[tuple[re.Pattern[str], float], ...]
    closings: tuple[tuple[re.Pattern[str], float], ...]

    def weigh_opening(self, utterance: str) -> float:
        """Return the weight of the heaviest cue with which an utterance begins a part; 0 without one."""
        head = utterance[:_HEAD].lower()
        for pattern, weight in self.openings:
            found = pattern.search(head)
            if found is not None and found.start() <= _MAX_LEAD_IN:
                return weight
        return 0.0

    def weigh_closing(self, utterance: str) -> float:
        """Return the weight of the heaviest cue with which an utterance ends a part; 0 without one."""
        tail = utterance[-_TAIL:].lower()
        return next((weight for pattern, weight in self.closings if pattern.search(tail)), 0.0)

    def find_strong_openings(self, text: str, begin: int, end: int) -> frozenset[int]:
        """Return where in a stretch of text a cue begins that says more than that a new thought does."""
        lowered = text.lower() if len(text.lower()) == len(text) else text
        return frozenset(
            found.start()
            for pattern, weight in self.openings
            if weight > STEP
            for found in pattern.finditer(lowered, begin, end)
        )


@cache
def load_cue_lexicon(language: str) -> CueLexicon:
    """Return the cue phrases of a BCP 47 language; those of all languages for one that has none here, or blank."""
    base = language.lower().partition("-")[0]
    base = "uk" if base == "ru" else base

    def compile_row(texts: tuple[str, ...]) -> re.Pattern[str]:
        rows = dict(zip(phrases.LANGUAGES, texts, strict=True))
        # Chinese has no spaces between words, so that its phrases may begin anywhere.
        spaced = [f"(?<!\\w)(?:{row})" for tag, row in rows.items() if tag != "zh" and base in {tag, ""}]
        unspaced = [rows["zh"]] if base in {"zh", ""} else []
        return re.compile("|".join((*spaced, *unspaced)))

    if base not in phrases.LANGUAGES:
        base = ""
    return CueLexicon(
        openings=(
            (compile_row(phrases.GREETINGS), GREETING),
            (compile_row(phrases.ANNOUNCEMENTS), ANNOUNCEMENT),
            (compile_row(phrases.TRANSITIONS), TRANSITION),
            (compile_row(phrases.STEPS), STEP),
        ),
        closings=(
            (compile_row(phrases.FAREWELLS), FAREWELL),
            (compile_row(phrases.PREVIEWS), PREVIEW),
            (compile_row(phrases.RECAPS), RECAP),
        ),
    )


def find_sounds(text: str) -> list[tuple[int, int]]:
    """Return where captions note music, applause or silence, in characters. Noises and laughter are none: they stand
    anywhere in a talk."""
    return [found.span() for found in _SOUND.finditer(text)]
