"""Stems of words, by which a term is found in its inflected forms. A rule of endings a language, no dictionary."""

from __future__ import annotations

import re

_CYRILLIC = re.compile("[\u0400-\u04ff]")
# What an ending leaves must still tell the word: two letters are shared by too many.
_MIN_STEM_LENGTH = 3
# Endings with a consonant; the vowels and signs before or without them are stripped after.
_SLAVIC_ENDINGS = re.compile(
    r"(?:ами|ями|ого|его|ому|ему|ими|ыми|ові|еві|ів|їв|ов|ев|ам|ям|ах|ях|ом|ем|єм|им|ым|ім|их|ых|іх)$"
)
_SLAVIC_VOWELS = "аеєиіїоуюяыэйьё"
_POLISH_ENDINGS = re.compile(r"(?:ami|iami|ach|iach|owi|ego|emu|ych|ich|ymi|imi|om|iom|ów|em|iem|ym|im)$")
_POLISH_VOWELS = "aąeęioóuy"
_GERMAN_ENDINGS = re.compile(r"(?:en|ern|er|es|e|n|s)$")
_PLURAL = re.compile(r"['’ʼ]?s$")
_GENITIVE = re.compile(r"['’ʼ]s$")
_IBERIAN_ENDINGS = re.compile(r"(?:ões|ão|ãos|es|s)$")
_SIBILANT_PLURAL = re.compile(r"(?:s|x|z|ch|sh)es$")
_FRENCH_ENDINGS = re.compile(r"(?:aux|al|eaux|eau|es|e|s|x)$")


def build_stem(word: str, language: str) -> str:
    """Return what the forms of a word have in common: "loops" and "loop", "функцію" and "функція".

    Of a word in capitals alone it is the word as it stands, without a plural s.
    """
    # "HTTPS" is no "https" of an address, and "IT" no "it".
    bare = _PLURAL.sub("", word) if word.endswith("s") else word
    if len(bare) > 1 and bare.isupper():
        return bare
    folded = word.casefold()
    if folded.endswith("s"):
        folded = _GENITIVE.sub("", folded)
    if not folded.isascii() and _CYRILLIC.search(folded):
        stem = _SLAVIC_ENDINGS.sub("", folded).rstrip(_SLAVIC_VOWELS)
    elif language == "pl":
        stem = _POLISH_ENDINGS.sub("", folded).rstrip(_POLISH_VOWELS)
    elif language == "de":
        stem = _GERMAN_ENDINGS.sub("", folded)
    elif language == "fr":
        stem = _FRENCH_ENDINGS.sub("", folded)
    elif language == "it":
        stem = folded.rstrip("aeioh") if len(folded) > _MIN_STEM_LENGTH else folded
    elif language in {"es", "pt"}:
        stem = _IBERIAN_ENDINGS.sub("", folded).rstrip("oae")
    else:
        stem = _strip_english_plural(folded)
    return stem if len(stem) >= _MIN_STEM_LENGTH else folded


def _strip_english_plural(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if not word.endswith("s"):
        return word
    if _SIBILANT_PLURAL.search(word):
        return word[:-2]
    return word if word.endswith(("ss", "us", "is")) else word[:-1]
