"""What follows the verb of a definition: whether it says what a thing is, and tells it from others of its kind."""

from __future__ import annotations

import re

from structures.engines.outline.concepts.languages import WITHOUT_ARTICLES, Language
from structures.engines.outline.concepts.patterns import Patterns, compile_patterns

# In words from the beginning of a text: a finite verb so early, without a relative before it, makes it a clause of its
# own ("the pump turns off and is ...") rather than what a thing is.
_MAX_CLAUSE_SIGN_POSITION = 6
# "type of value" alone is a kind; so many words say which. In Chinese, signs say what something is.
_MIN_SPECIFIC_WORDS, _MIN_CHINESE_SIGNS = 4, 4

# "is not", "це не": what a thing is not. And what only compares: "a list is like a shelf".
_NEGATION = re.compile(
    r"^(?:not|n['’]t|never|no longer|не|ні|nicht|kein\w*|pas|no|nie|não|non|不)(?!\w)|"
    r"^(?:just|also|actually|really|basically|like|similar|still|now|often|usually|always|both|either)\s",
    re.IGNORECASE,
)
# "is simply a", which says the same as "is a".
_ADVERB = re.compile(
    r"^(?:simply|basically|essentially|generally|typically|just|really|просто|по суті|simplemente|básicamente|einfach|"
    r"simplement|po prostu|semplicemente)\s+(?=(?:an?|the|una?|el|la|eine?|der|die|das|une?|le|il|lo|[а-яіїєґ])\b)",
    re.IGNORECASE,
)
# In a row: the subject of a clause ("some parts may be off-limits"), and what the reader's own thing is to be.
_CLAUSE_IN_ROW = re.compile(
    r"(?:some|all|many|most)\s|(?:\S+\s){0,5}(?:your|ваш\w*|tu|su|ihre?|votre|twój|seu|sua|你的)\s", re.IGNORECASE
)
# The name of a film, a talk or a book: "Object Detection Made Easy | The Show".
_TITLE = re.compile(r"(?:[A-Z]\w+ ){3,}|[^|]* \| ")
# "i32 because that is the default": a reason, not a kind.
_REASON = re.compile(r"(?:\S+\s){1,2}(?:because|since|if|so|when)\s", re.IGNORECASE)
# Arrows draw a sequence of events, and a bare list of words gives examples.
_ARROW = re.compile("[→⇒➜]|->|=>")
_ENUMERATION = re.compile(r"[^\s,]+(?: [^\s,]+)?(?:[,，、] ?[^\s,]+(?: [^\s,]+)?)+[.。]?")
# The endings of verbs, which tell what a text does from what a thing is where no article does.
_VERB_ENDING = {
    "uk": re.compile(r"(?:ти|тися|ться|йте|іть|іться|йтеся|ють|уть|ить|ає|ує|ює|іє)$"),
    "ru": re.compile(r"(?:ть|ться|йте|ите|йтесь|итесь|ют|ут|ает|ует|яет|ит)$"),
    "pl": re.compile(r"(?:ć|się|cie|uje|ują|ają|eje)$"),
}
_CHINESE_VERB = re.compile(r"^(?:请|打开|点击|选择|不要|使用|可以|需要|我们|你)")
# What is done to a thing, how, or where: no noun phrase begins so.
_NO_NOUN = re.compile(
    r"(?:\w+(?:ed|ing|ly)|created|built|made|used|known|given|found|for|in|on|at|by|with|from|to|about|of|up|as|under|"
    r"over|out)(?!\w)",
    re.IGNORECASE,
)
# The first word of an instruction, where nothing else tells it from a noun: "Check that ...".
_CHECK = re.compile(
    r"^(?:check|make|ensure|note|remember|see|verify|say|know|show|think|assume|suppose|look|use|tell|hope|comprueba|"
    r"recuerda|vérifie[rz]?|verifica|lembre)\s",
    re.IGNORECASE,
)
# "... is when a compiler changes", "... are names of functions", "... is data without a structure".
_LOOSE_KIND = re.compile(
    r"(?:how|when|where|what)\s|(?:\w+ ){0,2}(?:\w{3,}s|data|code|text|software|information|memory|storage)\s"
    r"(?:of|that|which|for|with|without|in|on|defined|written|stored|used to|made)\s",
    re.IGNORECASE,
)
_STRONG_RELATIVES = {
    "en": re.compile(r"\s(?:that|which|who|whose|used|designed|made|consisting|containing)(?!\w)", re.IGNORECASE),
    "de": re.compile(r",\s(?:der|die|das|dem|den|mit)|\s(?:von|aus|zur|zum|für|des)(?!\w)", re.IGNORECASE),
    "fr": re.compile(r"\s(?:qui|dont|où|de|du|des|d['’]\w*|permettant)(?!\w)", re.IGNORECASE),
    "es": re.compile(r"\s(?:que|de|del|donde|cuyo|cuya)(?!\w)", re.IGNORECASE),
    "it": re.compile(r"\s(?:che|di|del|della|dove|cui)(?!\w)", re.IGNORECASE),
    "pt": re.compile(r"\s(?:que|de|do|da|onde|cujo|cuja)(?!\w)", re.IGNORECASE),
}


def remove_adverb(definiens: str) -> str:
    """Return a text without the adverb before its article: "simply a value" is "a value"."""
    return _ADVERB.sub("", definiens)


def is_negated(definiens: str) -> bool:
    """Tell whether what follows a verb says what a thing is not, or only compares."""
    return _NEGATION.match(definiens) is not None


def names_kind(definiens: str, language: Language) -> bool:
    """Tell whether a text says what a thing is ("a value that ...") rather than what it does or what to do."""
    patterns = compile_patterns(language)
    if patterns.vague.match(definiens) or is_negated(definiens) or _CHECK.match(definiens):
        return False
    if _ARROW.search(definiens) or _ENUMERATION.fullmatch(definiens) or _TITLE.match(definiens):
        return False
    is_opened = patterns.opening.match(definiens) is not None
    if definiens[:1].isdigit():
        return False
    if patterns.pronoun.match(definiens) and not is_opened:
        return False
    if language.code == "zh":
        return len(definiens) >= _MIN_CHINESE_SIGNS and _CHINESE_VERB.match(definiens) is None
    if language.code in WITHOUT_ARTICLES:
        ending = _VERB_ENDING[language.code]
        start = [word.strip(",.;").casefold() for word in definiens.split()[:2]]
        # The subject of a clause has its verb next: "робота залишиться на диску".
        return len(start) > 1 and not any(ending.search(word) for word in start)
    if is_opened:
        return not _is_clause(definiens, patterns)
    # Without an article: "code that repeats", "devices which ...".
    head = " ".join(definiens.split()[:3])
    if not head[:1].isalpha() or (language.code == "en" and (_NO_NOUN.match(definiens) or _REASON.match(definiens))):
        return False
    return _STRONG_RELATIVES[language.code].search(head) is not None


def names_kind_after_copula(definiens: str, language: Language) -> bool:
    """Tell the same of what follows "is" or "are", where English may put it more loosely."""
    if names_kind(definiens, language):
        return True
    if language.code != "en" or _NO_NOUN.match(definiens) or compile_patterns(language).vague.match(definiens):
        return False
    return _LOOSE_KIND.match(definiens) is not None


def names_kind_in_row(definiens: str, language: Language) -> bool:
    """Tell the same of what follows a term and a dash or colon."""
    return _CLAUSE_IN_ROW.match(definiens) is None and names_kind(definiens, language)


def is_specific(definiens: str, language: Language) -> bool:
    """Tell whether a text tells a thing from others of its kind: "a value that never changes", not "a value"."""
    patterns = compile_patterns(language)
    relative = patterns.relative.search(definiens)
    if language.code == "zh":
        return relative is not None
    opening = patterns.opening.match(definiens)
    bare = definiens[opening.end() if opening else 0 :]
    if language.code in WITHOUT_ARTICLES:
        # A genitive does what "of" does elsewhere: "спосіб розташування елементів".
        return len(bare.split()) >= _MIN_SPECIFIC_WORDS - (relative is not None)
    relative = patterns.relative.search(bare)
    return relative is not None and bool(bare[relative.end() :].strip()) and len(bare.split()) >= _MIN_SPECIFIC_WORDS


def _is_clause(definiens: str, patterns: Patterns) -> bool:
    """Tell whether a text that begins with an article is a clause of its own: its verb comes before any relative."""
    opening = patterns.opening.match(definiens)
    head = " ".join(definiens[opening.end() if opening else 0 :].split()[:_MAX_CLAUSE_SIGN_POSITION])
    sign = patterns.clause_sign.search(head)
    relative = patterns.relative.search(head)
    return sign is not None and (relative is None or relative.start() > sign.start())
