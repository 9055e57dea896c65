"""Words compared across their forms, and the word lists of a language that checks need."""

from __future__ import annotations

import re
from functools import lru_cache

# Changes within a stem that Ukrainian inflection makes.
_VOWELS = str.maketrans({"і": "о", "є": "е", "ї": "е"})
_EN_ENDINGS = re.compile(
    r"(?:ations?|ings?|edly|ed|ers?|ors?|ness|ments?|ance|ence|able|ible|ions?|ities|ity|ically|ally|ly|ies|ied|es|s|e|y|al|ive|ous|ic)$"
)
_UK_ENDINGS = re.compile(
    r"(?:уванням?и?|юванням?и?|ування|ювання|ання|ення|іння|яння|анню|енню|анням|енням|ується|юється|ються|уються|ується|ати|яти|ити|іти|ути|ував|увала|"
    r"увати|ювати|ані|ену|ено|ана|ені|ений|аний|ена|ення|ого|ому|ими|ої|ій|ою|ею|ою|ами|ями|ах|ях|ові|еві|ів|їв|ам|ям|ом|ем|єм|их|им|"
    r"іший|іша|іше|іші|ішого|іших|ішою|ший|ий|ія|ії|ію|єю|ість|ості|істю|ься|ся|ть|ла|ли|ло|в|а|я|о|е|є|и|і|ї|у|ю|ь|й)$"
)
_MIN_SHARED = 4


@lru_cache(maxsize=100_000)
def build_stem(word: str) -> str:
    """Return what the forms of a word have in common, and words that are derived from it mostly, too."""
    plain = word.casefold().replace("’", "'").replace("ʼ", "'").replace("`", "'")
    if re.search("[а-яіїєґ]", plain):
        stem = plain
        for _ in range(2):
            found = _UK_ENDINGS.search(stem)
            if found and found.start() >= 3:
                stem = stem[: found.start()]
        return stem.translate(_VOWELS)
    found = _EN_ENDINGS.search(plain)
    stem = plain[: found.start()] if found and found.start() >= 3 else plain
    if len(stem) > 3 and stem[-1] == stem[-2] and stem[-1] not in "lse":
        stem = stem[:-1]
    return stem


def share_stem(one: str, other: str) -> bool:
    """Tell whether two words are forms of one, or derived from one another."""
    if one == other:
        return True
    a, b = build_stem(one), build_stem(other)
    if a == b:
        return True
    if _count_shared(one, other) >= max(5, min(len(one), len(other)) - 2):
        return True
    short, long = sorted((a, b), key=len)
    if len(short) < _MIN_SHARED:
        return len(short) >= 3 and long.startswith(short) and len(long) - len(short) <= 1
    shared = _count_shared(short, long)
    return shared >= _MIN_SHARED and ((shared >= len(short) - 1 and shared >= 0.6 * len(long)) or shared >= 6)


def _count_shared(one: str, other: str) -> int:
    shared = 0
    for x, y in zip(one, other, strict=False):
        if x != y:
            break
        shared += 1
    return shared


_PREFIXES = re.compile(
    r"^(?:недо|пере|роз|від|під|при|про|над|най|що|за|на|по|ви|об|до|не|зі|з|с|у|в|о|un|re|pre|over|under|non|de|dis)(?=\w{4})"
)


def strip_prefix(word: str) -> str:
    """Return a word without a prefix that changes little of what it names."""
    return _PREFIXES.sub("", word)


# Forms of verbs, which tell what is done with things and name none. A verb alone is no term.
_VERB = re.compile(
    r"(?:ти|тися|тись|ють|уть|ять|ать|ить|їть|ється|ється|ються|уться|яться|аться|иться|ємо|імо|имо|їмо|емо|ймо|вши|вшись|йте|йтеся|йтесь|іть|іться|айте|"
    r"[^аеиіоуяюєї]те|[^аеиіоуяюєї]теся|ртий|ятий|утий|итий|меться|муться|тиме|тимуть|ючись|ячись|ючи|ячи|лося|лась|лися|вся|ено|ано|ито|єте|ите|їте|ала|ало|али|ила|ило|или|іла|іло|іли|ував|ював|нув|ає|яє|ує|ює|іє)$"
)
# Words with which anything is explained, whatever the subject.
_GENERAL = frozenset(
    [
        "співвідношення",
        "приклад",
        "наведений",
        "проміжок",
        "підсумковий",
        "сполука",
        "вираз",
        "ознака",
        "властивість",
        "чинник",
        "прийом",
        "спосіб",
        "підхід",
        "умова",
        "різновид",
        "величина",
        "кількість",
        "розмір",
        "відтинок",
        "послідовність",
        "залежність",
        "відмінність",
        "перевага",
        "недолік",
        "призначення",
        "послідовно",
        "зокрема",
        "відповідний",
        "зазначений",
        "вказаний",
        "заданий",
        "загалом",
        "насамперед",
        "натомість",
        "з-поміж",
        "приблизно",
        "орієнтовно",
        "щонайменше",
        "щонайбільше",
        "місцина",
        "ділянка",
        "учень",
        "слухач",
        "студент",
        "викладач",
        "завдання",
        "вправа",
        "розв'язок",
        "розв'язання",
        "формула",
        "означення",
        "визначення",
        "позначка",
        "позначення",
        "рядок",
        "стовпець",
        "частка",
        "радіус",
        "діаметр",
        "cut",
        "learner",
        "learners",
        "approach",
        "whereas",
        "category",
        "instance",
        "example",
        "exercise",
        "solution",
        "definition",
        "formula",
        "phrase",
        "equation",
        "expression",
        "notation",
        "sequence",
        "step",
        "feature",
        "trait",
        "aspect",
        "alternative",
        "drawback",
        "advantage",
        "purpose",
        "outcome",
        "summary",
        "overview",
        "relation",
        "ratio",
        "precision",
        "approximation",
        "magnitude",
        "alignment",
    ]
)
_GENERAL_STEMS = frozenset(build_stem(word) for word in _GENERAL)


def is_verb(word: str) -> bool:
    """Tell whether a word has the ending of a verb."""
    plain = word.casefold()
    if re.search("[а-яіїєґ]", plain):
        return bool(_VERB.search(plain))
    return plain.endswith(("ed", "ing")) and len(plain) > 5 and "-" not in plain


def is_general(word: str) -> bool:
    """Tell whether a word explains things of any subject."""
    return build_stem(word) in _GENERAL_STEMS
