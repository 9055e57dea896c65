"""The difficulty that materials state: "Level: beginner", "Складність: 3/5", `difficulty: hard`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from materials.documents import ChunkKind
from structures.engines.base.drafts import Citation
from structures.engines.base.sources import SourceChunk

_LABELS = (
    r"(?:difficulty|skill|proficiency|course|experience)?\s?(?:level|difficulty)|рівень(?: складності| підготовки)?|складність|"
    r"уровень(?: сложности| подготовки)?|сложность|(?:nivel|grado)(?: de dificultad)?|dificultad|"
    r"schwierigkeit(?:sgrad|sstufe)?|niveau(?: de difficulté)?|difficulté|kursniveau|poziom(?: trudności| zaawansowania)?|trudność|"
    r"nível(?: de dificuldade)?|dificuldade|livello(?: di difficoltà)?|difficoltà|难度(?:等级|级别)?|级别"
)
# 1 is for beginners, 5 for experts.
_WORDS = {
    1: r"beginners?|novice|introductory|intro|very easy|початков\w+|новач\w+|дуже легк\w+|начальн\w+|начинающ\w+|"
    r"principiantes?|iniciantes?|inicial|introductor\w+|anfänger\w*|einsteiger\w*|débutant\w*|początkując\w+|principiant[ei]|初级|入门|零基础|初学者?",
    2: r"easy|basic|elementary|легк\w+|базов\w+|елементарн\w+|лёгк\w+|элементарн\w+|fácil|básic[oa]|elemental|leicht|einfach|grundlagen|facile|"
    r"élémentaire|łatw\w+|podstawow\w+|elementar|elementare|base|简单|容易|基础",
    3: r"intermediate|medium|moderate|середн\w+|средн\w+|intermedi[oa]|medi[oa]|mittel\w*|fortgeschrittene anfänger|intermédiaire|moyen\w*|"
    r"średni\w*|médi[oa]|intermediári[oa]|中级|中等|适中",
    4: r"advanced|hard|difficult|challenging|складн\w+|просунут\w+|поглиблен\w+|сложн\w+|продвинут\w+|avanzad[oa]|difícil|fortgeschritten\w*|"
    r"schwer|schwierig|avancée?|difficile|zaawansowan\w+|trudn\w+|avançad[oa]|avanzat[oa]|高级|困难|较难",
    5: r"experts?|very (?:hard|difficult)|експертн\w+|дуже складн\w+|экспертн\w+|очень сложн\w+|expert[oea]s?|muy difícil|sehr schwer|très difficile|"
    r"ekspert\w*|bardzo trudn\w+|muito difícil|molto difficile|esperto|专家级?|很难",
}
_WORD_PATTERNS = {grade: re.compile(rf"(?:{words})(?!\w)", re.IGNORECASE) for grade, words in _WORDS.items()}
_RATIO = re.compile(r"(?P<part>\d{1,2}(?:[.,]\d)?)\s?(?:/|of|out of|з|из|de|von|sur|na|su)\s?(?P<whole>5|10)(?!\d)")
_STARS = re.compile(r"(?P<full>[★⭐●]{1,5})️?(?P<empty>[☆○]{0,4})")
_LABEL = re.compile(rf"(?<!\w)(?:{_LABELS})\s*(?:[:：=|]|[–—-]\s)\s*(?P<value>\S.{{0,30}})", re.IGNORECASE)
_SIGN = re.compile(r"[:：=|]|[–—-]\s")
_FIELD = re.compile(rf"(?:{_LABELS})", re.IGNORECASE)
# In chunks: the head of a file, where a label speaks of the lesson. Further down it is a word of the text: "level: 3".
_HEAD_CHUNKS = 6


def read_difficulty_field(metadata: Mapping[str, Any]) -> int | None:
    """Return the difficulty, 1 to 5, that a front matter states."""
    for key, value in metadata.items():
        if not _FIELD.fullmatch(key.replace("_", " ").replace("-", " ").strip()):
            continue
        text = str(value).strip()
        # A bare number is a grade only of a difficulty; the "level" of a site generator is the depth of a menu.
        if re.fullmatch(r"[1-5]", text) and re.search(r"diffic|dific|складн|сложн|schwier|trudn|难度", key.casefold()):
            return int(text)
        if (grade := grade_words(text)) is not None:
            return grade
    return None


def find_difficulty(chunks: Iterable[SourceChunk]) -> tuple[int, Citation] | None:
    """Return the difficulty, 1 to 5, that the head of a file states behind a label, and where."""
    texts = (chunk for chunk in chunks if chunk.kind not in {ChunkKind.HEADING, ChunkKind.CODE, ChunkKind.TRANSCRIPT})
    for _, chunk in zip(range(_HEAD_CHUNKS), texts, strict=False):
        # Most texts have no label, which the sign behind it tells faster than its words.
        for found in _LABEL.finditer(chunk.text) if _SIGN.search(chunk.text) else ():
            if (grade := grade_words(found["value"])) is not None:
                return grade, Citation(chunk_id=chunk.id, quote=found.group().strip(" |\n"))
    return None


def grade_words(text: str) -> int | None:
    """Return the grade, 1 to 5, that a text begins with: a word, stars, or a number of a whole."""
    if (ratio := _RATIO.match(text)) is not None:
        share = float(ratio["part"].replace(",", ".")) / int(ratio["whole"])
        return min(5, max(1, round(share * 5))) if share <= 1 else None
    if (stars := _STARS.match(text)) is not None and len(stars["full"]) + len(stars["empty"]) == 5:
        return len(stars["full"])
    return next((grade for grade, pattern in reversed(_WORD_PATTERNS.items()) if pattern.match(text)), None)
