"""How common a word is in its language, by the `wordfreq` package (docs/decisions/0073-sentences-are-looked-up.md)."""

from __future__ import annotations

import math
from collections import defaultdict
from functools import lru_cache

from structures.grounding.claims.words import build_stem, strip_prefix

# On the Zipf scale (the logarithm of how often a word and its forms occur in a billion words; Van Heuven et al. 2014).
# Above it words with which anything is said and words of a field are mixed. Chosen on 600 sentences that were written
# for it, so that 1 true sentence in 20 has such a word by chance.
_COMMON = 3.6
# Ukrainian words have many forms, and the lists of forms are shorter.
_COMMON_BY_LANGUAGE = {"uk": 3.1}


def has_frequencies(language: str) -> bool:
    """Tell whether it is known which words of a language are common."""
    return language in _list_languages()


@lru_cache(maxsize=100_000)
def is_rare(word: str, language: str) -> bool:
    """Tell whether a word is one of a field rather than one with which anything is said."""
    plain = word.casefold()
    parts = plain.split("-")
    common = max(_get_zipf(plain, language), _get_zipf(strip_prefix(plain), language))
    if len(parts) > 1:
        common = max(common, min(_get_zipf(part, language) for part in parts))
    return common < _COMMON_BY_LANGUAGE.get(language, _COMMON)


def _get_zipf(word: str, language: str) -> float:
    share = _load_shares(language).get(build_stem(word), 0.0)
    return math.log10(share * 1e9) if share else 0.0


@lru_cache(maxsize=4)
def _load_shares(language: str) -> dict[str, float]:
    """Return how often words occur by stem, all forms together."""
    import wordfreq  # noqa: PLC0415  # as below

    shares: dict[str, float] = defaultdict(float)
    for word, share in wordfreq.get_frequency_dict(language, wordlist="small").items():
        shares[build_stem(word)] += share
    return shares


@lru_cache(maxsize=1)
def _list_languages() -> frozenset[str]:
    import wordfreq  # noqa: PLC0415  # takes as long as half of Django; web servers and most commands look up no word

    return frozenset(wordfreq.available_languages("small"))
