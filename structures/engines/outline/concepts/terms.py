"""What may be a term, how terms are written, and when two of them are the same."""

from __future__ import annotations

import re
from functools import lru_cache

from structures.engines.outline import names, words
from structures.engines.outline.concepts.word_lists import (
    CLAUSE_WORDS,
    COUNTED,
    EVERYDAY_WORDS,
    IMPERATIVES,
    LAST_WORDS,
    PRONOUNS,
    REMARKS,
)

# In characters. One letter is a variable (a Chinese sign is a word); 70 only guards against whole sentences, since the
# limit in words comes first.
_MAX_TERM_LENGTH = 70
# Keeps out what is mostly digits and signs, such as "HD 1920 1080". Any value from 0.3 to 0.6 gives the same concepts
# on the sample courses, 0.8 nearly so; 0.95 loses terms with a hyphen, an apostrophe or a number.
_MIN_LETTER_SHARE = 0.6
# For what a sentence defines. On the sample courses 3 loses a few terms, 10 takes whole clauses for terms.
MAX_TERM_WORDS = 5
# In letters. Endings are cut off longer words only, so that "bus" and "but" stay what they are.
_MIN_STEM_LENGTH = 3

# `[tuple]{#tuple}` of Pandoc, and an anchor behind a term.
_BRACKETED = re.compile(r"\[(?P<text>[^\]]+)\]\s*(?:\{[^}]*\}|\([^)]*\)|\[[^\]]*\])?")
_ANCHOR = re.compile(r"\s*\{[#:.][^}]*\}")
_ARTICLE = re.compile(
    r"^(?:(?:an?|the|eine?|der|die|das|une?|les?|la|el|los|las|il|lo|gli|una|uno|um|uma)\s+(?=\w)|l['’](?=\w))",
    re.IGNORECASE,
)
# Signs that stand in code, paths, formulas or quotations, and dots inside a word (`os.path`): a term has none.
_CODE = re.compile(r"[(){}\[\]=<>_;$\\@|“”«»\"→►●•]|\.\w|\w\.\w|::|\w/\w{3,}|^[/#*+]|https?:")
# "Figure 3", "Крок 1", "第一步": a word that is counted, with its number.
_COUNTED = re.compile(
    rf"(?:{words.DIVISIONS}|{COUNTED})\s*(?:№|#|n[.º°])?\s*\d[\d.\-–:]*\s*[a-z]?|第[一二三四五六七八九十\d]+\S*|图\s*\d*|表\s*\d*|步骤\S*",
    re.IGNORECASE,
)
_IMPERATIVE = re.compile(rf"(?:{IMPERATIVES})(?!\w)\s*\S", re.IGNORECASE)
_REMARK = words.compile_full_match(REMARKS)
_DATE = re.compile(
    r"(?<!\w)(?:january|february|april|june|july|august|september|october|november|december|monday|tuesday|wednesday|thursday|friday|saturday|sunday|"
    r"січня|лютого|березня|квітня|травня|червня|липня|серпня|вересня|жовтня|листопада|грудня)(?!\w)|\d{1,2}[./]\d{1,2}|\d{4}",
    re.IGNORECASE,
)
_GENERIC_HEADING = words.compile_full_match(words.GENERIC_HEADINGS)
_LABEL = words.compile_full_match(rf"\W*(?:{words.DEFINITION_LABELS})\W*")
_EXERCISE = words.compile_search(words.EXERCISES_ANYWHERE)
# What joins two things or leads to a phrase; a term of several words may have it in a glossary only.
_JOINING = re.compile(
    r"^\d+\s|\s[—–-]\s|\w['’]s\s|\s(?:the|an?|and|or|but|if|when|because|than|und|oder|та|і|й|або|и|или|oraz|lub|que|dass|that|which|is|are|was|you|your|we|our|it|its|this|these|those|"
    r"on|from|between|into|about|as|at|by|has|have|can|will|not|doesn['’]t|не)\s",
    re.IGNORECASE,
)
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
# The endings by which the forms of a word differ, longest first. They need not be right: they have to be cut off alike
# from all forms of a word.
_CYRILLIC_ENDING = re.compile(
    r"(?:иями|іями|ями|ами|ього|ого|ому|ему|ыми|ими|іми|ість|ості|ість|ях|ах|ов[іи]|еві|ів|їв|ев|єв|ей|ой|ий|ій|ый|ая|яя|ое|ее|ие|ые|ою|ею|єю|ью|"
    r"ям|ам|ом|ем|єм|им|ім|ым|их|іх|ых|ию|ія|ії|ію|ия|ии|у|ю|а|я|о|е|є|и|і|ї|ы|ь)$"
)
_LATIN_ENDING = re.compile(
    r"(?:iami|ami|ach|ów|owi|iem|em|om|ies|ions?|iones|ción|ciones|es|en|er|s|e|a|o|y|i|ę|ą|u|n)$"
)


# The same words are asked for again and again: by each sentence that has them, and by each question for a term.
@lru_cache(maxsize=100_000)
def clean_term(term: str) -> str:
    """Return a term without its article, its anchor and the marks around it."""
    bare = _ANCHOR.sub("", _BRACKETED.sub(lambda found: found["text"], term))
    bare = " ".join(bare.split()).strip(" :;.,—–-\"'“”«»„「」『』*：，。\u200b")
    bare = _ARTICLE.sub("", bare)
    half = len(bare) // 2
    # A slide's title runs into its first line: "Deep Learning Deep learning is ...".
    return bare[half + 1 :] if bare[:half].casefold() == bare[half + 1 :].casefold() and " " in bare else bare


@lru_cache(maxsize=100_000)
def is_term(term: str, *, longest: int = MAX_TERM_WORDS, is_listed: bool = False) -> bool:
    """Tell whether words can be a term: few, not beginning with a stop word, no code, label, date or instruction.

    A term that `is_listed` stands in a glossary and may be a phrase ("type of error", "head and tail").
    """
    bare = clean_term(term)
    if not bare or len(bare) > _MAX_TERM_LENGTH or bare.endswith(("?", "!", "…")) or _CODE.search(bare):
        return False
    parts = names.build_title_key(bare).split()
    if not parts or len(parts) > longest or parts[-1] in LAST_WORDS:
        return False
    if not is_listed and (
        bare.casefold().split()[0] in CLAUSE_WORDS or not PRONOUNS.isdisjoint(parts) or _JOINING.search(bare)
    ):
        return False
    if _COUNTED.fullmatch(bare) or _LABEL.fullmatch(bare) or _IMPERATIVE.match(bare) or _DATE.search(bare):
        return False
    if not is_listed and (_REMARK.fullmatch(bare) or _GENERIC_HEADING.fullmatch(bare) or _EXERCISE.search(bare)):
        return False
    letters = sum(c.isalpha() for c in bare)
    # A Chinese sign is a word.
    least = 1 if is_chinese(bare) else 2
    return letters >= least and letters >= _MIN_LETTER_SHARE * len(bare.replace(" ", ""))


def is_chinese(text: str) -> bool:
    """Tell whether a text has Chinese signs, whose words have no spaces between them."""
    return not text.isascii() and _CHINESE.search(text) is not None


@lru_cache(maxsize=100_000)
def build_stem(word: str) -> str:
    """Return what the inflected forms of a word share, for comparing: "lists" and "list", "циклів" and "цикл"."""
    bare = word.casefold().replace("’", "'").removesuffix("'s")
    ending = _CYRILLIC_ENDING if "\u0400" <= bare[-1:] <= "\u04ff" else _LATIN_ENDING
    if bare.isascii() and bare.endswith("ies") and len(bare) > _MIN_STEM_LENGTH + 1:
        bare = bare.removesuffix("ies") + "y"
    found = ending.search(bare)
    if found is None or found.start() < _MIN_STEM_LENGTH or bare.endswith("ss"):
        return bare
    stem = bare[: found.start()]
    # "lists" is "list" after one cut, "classes" is "class"; "types" is "typ" after two, as "type" is after one.
    return stem[:-1] if len(stem) > _MIN_STEM_LENGTH and stem[-1] in "eaoyiаеиіо" and not stem.endswith("ss") else stem


@lru_cache(maxsize=100_000)
def build_term_key(term: str) -> str:
    """Return a term as terms are compared: without article and case, each word without its ending."""
    return build_text_key(clean_term(term))


def build_text_key(text: str) -> str:
    """Return a text as terms are compared, to look for a term in it."""
    return " ".join(build_stem(word) for word in re.findall(r"[^\W_]+(?:['’][^\W_]+)*", text.casefold()))


def is_everyday(term: str) -> bool:
    """Tell whether a term begins with a word that every text has: it is one only where its author says so."""
    return (names.build_title_key(clean_term(term)).split() or [""])[0] in EVERYDAY_WORDS
