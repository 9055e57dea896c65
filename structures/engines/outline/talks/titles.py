"""Titles for the parts of a talk: the words that are new in a part, as a phrase that stands in what is said."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from structures.engines.outline.talks.title_words import GRAMMAR_SIGNS_ZH
from structures.engines.outline.talks.utterances import Utterance
from structures.engines.outline.talks.vocabulary import Vocabulary

# Longer titles are sentences.
_MAX_WORDS, _MAX_SIGNS = 4, 6
# How often a title stands in its part at least: twice is chance. One that was announced as the subject
# needs one more besides the announcement.
_MIN_COUNT, _MIN_ANNOUNCED = 3, 2
# How much more an announced phrase counts. On the sample captions half of it prefers what is repeated most ("method" to
# "inheritance"), twice takes what is announced in passing for the subject.
_ANNOUNCEMENT_FACTOR = 5.0
# Milliseconds from the beginning of a part: a subject is announced within.
_ANNOUNCEMENT_MS = 60_000
# Stems are compared by so many letters, so that a title is not used again in another form.
_STEM_LENGTH = 5
_MIN_WORD_LENGTH = 3

_WORD = re.compile(r"[^\W_]+(?:['’ʼ-][^\W_]+)*")
_UNSPACED_RUN = re.compile(rf"(?:(?![{GRAMMAR_SIGNS_ZH}])[㐀-鿿])+")

_Key = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class FoundTitle:
    """A title and the utterance in which its words stand, by its place in the talk."""

    text: str
    utterance: int


@dataclass(frozen=True, kw_only=True)
class _Occurrence:
    """A phrase in an utterance. `lead` and `follower` are the words before and after it in its clause."""

    key: _Key
    form: str
    lead: str = ""
    follower: str = ""
    is_announced: bool = False


@dataclass(kw_only=True)
class _Phrase:
    """What is known of a phrase within one part.

    `places` are the utterances that have it, each once, `count` is how often they do; `forms` are weighed.
    """

    forms: Counter[str] = field(default_factory=Counter)
    places: dict[int, None] = field(default_factory=dict)
    count: int = 0
    noun_signs: int = 0
    verb_signs: int = 0
    modifier_signs: int = 0
    is_announced: bool = False


def find_titles(
    utterances: Sequence[Utterance], starts: Sequence[int], vocabulary: Vocabulary
) -> list[FoundTitle | None]:
    """Return a title for each part, all different; None for a part in which no phrase is often enough said.

    `starts` are the utterances with which the parts begin, ascending.
    """
    bounds = list(pairwise((*starts, len(utterances))))
    parts = [_collect_phrases(utterances, first, end, vocabulary) for first, end in bounds]
    totals = Counter[_Key]()
    for phrases in parts:
        for key, phrase in phrases.items():
            totals[key] += len(phrase.places)
    titles: list[FoundTitle | None] = []
    used: set[_Key] = set()
    for (first, end), phrases in zip(bounds, parts, strict=True):
        share = (end - first) / len(utterances)
        best = max(
            (
                (_score_phrase(key, phrase, totals[key], share), -min(phrase.places), key)
                for key, phrase in phrases.items()
                if phrase.count >= (_MIN_ANNOUNCED if phrase.is_announced else _MIN_COUNT)
                and _build_base_key(key) not in used
            ),
            default=None,
        )
        if best is None or best[0] <= 0:
            titles.append(None)
            continue
        used.add(_build_base_key(best[2]))
        titles.append(_build_title(utterances, phrases[best[2]]))
    return titles


def _score_phrase(key: _Key, phrase: _Phrase, total: int, share: float) -> float:
    """Return how well a phrase names its part, which is that share of the talk."""
    count = len(phrase.places)
    # How much more often the part has it than the rest. A half is added, so that what the rest lacks is not infinite,
    # and one to the ratio, so that the subject of the whole talk may still name the part where it is said most.
    novelty = 1.0 if share == 1.0 else math.log1p((count / share) / ((total - count + 0.5) / (1 - share)))
    # Nouns and verbs may look the same ("the print", "print it"); what stands around them tells which it is.
    noun_share = (phrase.noun_signs + 0.5) / (phrase.noun_signs + phrase.verb_signs + 1)
    # "Floating" of "floating point": half a name.
    whole_share = 1 - phrase.modifier_signs / phrase.count
    announced = _ANNOUNCEMENT_FACTOR if phrase.is_announced else 1.0
    return count * novelty * len(key) * noun_share * whole_share * announced


def _build_base_key(key: _Key) -> _Key:
    return tuple(sorted(key))


def _build_title(utterances: Sequence[Utterance], phrase: _Phrase) -> FoundTitle:
    form = max(phrase.forms, key=lambda form: phrase.forms[form])
    place = next(place for place in phrase.places if form in utterances[place].text)
    return FoundTitle(text=form[:1].upper() + form[1:], utterance=place)


def _collect_phrases(
    utterances: Sequence[Utterance], first: int, end: int, vocabulary: Vocabulary
) -> dict[_Key, _Phrase]:
    phrases: dict[_Key, _Phrase] = {}
    for place in range(first, end):
        utterance = utterances[place]
        if utterance.is_sound:
            continue
        is_early = utterance.start_ms - utterances[first].start_ms <= _ANNOUNCEMENT_MS
        for found in _iter_phrases(utterance.text, vocabulary):
            phrase = phrases.setdefault(found.key, _Phrase())
            # A clause begins with its subject as a rule, which stands in the form that a dictionary has.
            phrase.forms[found.form] += 1 if found.lead else 2
            phrase.places[place] = None
            phrase.count += 1
            phrase.noun_signs += found.lead in vocabulary.noun_leads
            phrase.verb_signs += found.lead in vocabulary.verb_leads or found.follower in vocabulary.articles
            phrase.modifier_signs += found.follower != "" and found.follower not in vocabulary.everyday
            phrase.is_announced |= found.is_announced and is_early
    return phrases


def _iter_phrases(text: str, vocabulary: Vocabulary) -> Iterator[_Occurrence]:
    """Yield the phrases of an utterance that may be titles: runs of words that begin and end with one of content."""
    lowered = text.lower()
    if len(lowered) != len(text):
        lowered = text
    words = list(_WORD.finditer(text))
    announced = _find_announced(lowered, words, vocabulary)
    content = [_is_content(lowered[word.start() : word.end()], word[0], vocabulary) for word in words]
    for first in range(len(words)):
        if not content[first]:
            continue
        lead = words[first - 1][0].lower() if first and _is_joined(text, words, first) else ""
        stems: list[str] = []
        found: list[_Occurrence] = []
        for last in range(first, min(first + _MAX_WORDS, len(words))):
            word = words[last][0].lower()
            if last > first and not (
                _is_joined(text, words, last) and (content[last] or word in vocabulary.connectors)
            ):
                break
            stems.append(_cut_ending(word))
            if content[last]:
                has_follower = last + 1 < len(words) and _is_joined(text, words, last + 1)
                found.append(
                    _Occurrence(
                        key=tuple(stems),
                        form=text[words[first].start() : words[last].end()],
                        lead=lead,
                        follower=words[last + 1][0].lower() if has_follower else "",
                    )
                )
        if first in announced:
            # The whole of it: who announces "object lifecycle" does not announce "object".
            found[-1] = replace(found[-1], is_announced=True)
        yield from found
    for run in _UNSPACED_RUN.finditer(text):
        for begin in range(run.start(), run.end()):
            for end in range(begin + 2, min(begin + _MAX_SIGNS, run.end()) + 1):
                yield _Occurrence(key=tuple(text[begin:end]), form=text[begin:end])


def _cut_ending(word: str) -> str:
    return word.removesuffix("s")[:_STEM_LENGTH]


def _is_content(word: str, form: str, vocabulary: Vocabulary) -> bool:
    if word in vocabulary.everyday or not any(sign.isalpha() for sign in word) or "㐀" <= word[0] <= "鿿":
        return False
    return len(word) >= _MIN_WORD_LENGTH or (len(form) > 1 and form.isupper())


def _is_joined(text: str, words: Sequence[re.Match[str]], place: int) -> bool:
    """Tell whether nothing but white space stands between a word and the one before."""
    return text[words[place - 1].end() : words[place].start()].isspace()


def _find_announced(lowered: str, words: Sequence[re.Match[str]], vocabulary: Vocabulary) -> set[int]:
    """Return which words follow one of the phrases with which people name their subject, articles left out."""
    announced = set()
    starts = [word.start() for word in words]
    for lead in vocabulary.subject_leads.finditer(lowered):
        place = next((at for at, start in enumerate(starts) if start >= lead.end()), len(words))
        while place < len(words) and words[place][0].lower() in vocabulary.noun_leads:
            place += 1
        announced.add(place)
    return announced
