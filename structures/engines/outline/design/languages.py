"""Which of the product's languages a text is in, and how fast people read it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice

# The commonest words that the other languages do not have, for texts of a few sentences; a whole document is told by
# `materials.languages` better.
_FUNCTION_WORDS = {
    "en": "the of and to in is that it for you are with this be on as can will have not your from they which",
    "uk": "і та що це як для або від до не ви є цей ця ці який яка яке щоб він вони при його після",
    "ru": "и что это как для или от до не вы этот эта эти который которая чтобы он они при его после мы с к",
    "es": "el la los las de que y en un una es se con por para del al lo como más su este esta son",
    "de": "der die das und ist in zu den nicht ein eine mit sich auf für dem des sie im werden wie auch bei",
    "fr": "le la les des et est une dans que pour qui au aux vous ce cette par sur avec du ne pas sont",
    "pl": "i w na z do się nie to jest są pod nad że jak dla przez od po są lub tej tego który która oraz o",
    "pt": "o os as de que e do da em um uma para com não no na por mais dos das ao é são você",
    "it": "il lo gli di che e la in un una per con non del della dei sono le è si come più nel alla",
}
_BY_WORD: dict[str, list[str]] = {}
for _language, _words in _FUNCTION_WORDS.items():
    for _word in _words.split():
        _BY_WORD.setdefault(_word, []).append(_language)
# Words that say nothing of what a text is about, in any of these languages.
FUNCTION_WORDS = frozenset(_BY_WORD)
# Letters that one language alone of these has.
_LETTERS = {"pl": "ąęłśźżćń", "de": "äöüß", "es": "ñ", "pt": "ãõ", "fr": "œêîùû", "uk": "іїєґ", "ru": "ыэъё"}
_BY_LETTER = {letter: language for language, letters in _LETTERS.items() for letter in letters}
_WORD = re.compile(r"[^\W\d_]+(?:['’ʼ][^\W\d_]+)*")
# Chinese and Japanese signs: one word has about 1.6 of them, and they are counted one by one.
_IDEOGRAPH = re.compile("[\u3400-\u9fff\uf900-\ufaff]")
# On the lessons of the sample courses half and twice tell the same languages; a quarter is wrong for a text that begins
# with words of another language.
_SAMPLE_WORDS = 200

# Words a minute. English: silent reading of non-fiction (Brysbaert 2019, doi.org/10.1016/j.jml.2019.104047, 190
# studies). The others: the International Reading Speed Texts, the same ten texts in each language, read aloud by 25
# native speakers each (Trauzettel-Klosinski and Dietz 2012, doi.org/10.1167/iovs.11-8284). Ukrainian was not measured:
# Russian is the nearest language that was. Chinese is in characters a minute.
_READING_SPEEDS = {
    "en": 238, "es": 218, "de": 179, "fr": 195, "it": 188, "pl": 166, "pt": 181, "ru": 184, "uk": 184, "zh": 255,
}  # fmt: skip
# The mean of the 17 languages of the second study.
_MEAN_READING_SPEED = 184


def detect_language(texts: Iterable[str]) -> str:
    """Return the language of the first words of texts as a BCP 47 subtag such as `uk`; blank when it is unclear."""
    scores: dict[str, int] = {}
    words = (word for text in texts for word in _iter_units(text))
    for word in islice(words, _SAMPLE_WORDS):
        if len(word) == 1 and _IDEOGRAPH.match(word):
            scores["zh"] = scores.get("zh", 0) + 1
        folded = word.casefold()
        for language in _BY_WORD.get(folded, ()):
            scores[language] = scores.get(language, 0) + 1
        if not folded.isascii():
            # In the order of the letters: of two languages with the same score the first one counts.
            for language in dict.fromkeys(_BY_LETTER[letter] for letter in folded if letter in _BY_LETTER):
                scores[language] = scores.get(language, 0) + 1
    return max(scores, key=lambda language: scores[language]) if scores else ""


def count_reading_units(text: str) -> int:
    """Return the length of a text as reading speeds measure it: in words, of Chinese in characters."""
    return len(text.split()) + (0 if text.isascii() else len(_IDEOGRAPH.findall(text)))


def get_reading_speed(language: str) -> int:
    """Return how many words (of Chinese: characters) a minute people read in a language."""
    return _READING_SPEEDS.get(language.split("-")[0].casefold(), _MEAN_READING_SPEED)


def _iter_units(text: str) -> list[str]:
    if not text.isascii() and _IDEOGRAPH.search(text):
        return re.findall(r"[\u3400-\u9fff\uf900-\ufaff]|[^\W\d_\u3400-\u9fff\uf900-\ufaff]+", text)
    return _WORD.findall(text)
