"""Sentences that state a goal of a lesson: "By the end of this lesson you will be able to ...", by language.

Only sentences that speak of the lesson itself or of its learners count: "you will see a window" is no goal.
"""

from __future__ import annotations

import re

_EN = r"(?:lesson|unit|chapter|module|course|session|tutorial|workshop|class|lecture|episode|section|training|week|lab|video|topic)s?"
_WE_EN = r"(?:you|we|students|learners|participants|attendees|pupils|readers)"
_UK = r"(?:урок|занятт|лекці|тем[иіу]|курс|модул|розділ|тижн|семінар)"
_RU = r"(?:урок|заняти|лекци|тем[ыеу]|курс|модул|раздел|недел|семинар)"
_ES = r"(?:lección|clase|unidad|sesión|tema|curso|módulo|capítulo|taller|semana)"
_DE = r"(?:lektion|stunde|einheit|vorlesung|kurs|modul|kapitel|sitzung|seminar|workshop|woche|lerneinheit|abschnitt)"
_FR = r"(?:leçon|séance|cours|module|chapitre|unité|session|atelier|formation|semaine)"
_PL = r"(?:lekcj|zaję|wykład|kurs|moduł|rozdzia|warsztat|temat)"
_PT = r"(?:aula|lição|unidade|sessão|tema|curso|módulo|capítulo|oficina|semana)"
_IT = r"(?:lezion|unità|sessione|corso|modulo|capitolo|laboratorio|settimana)"

# Of a sentence, also where the sentence stands in a longer text.
_START = r"(?:^|[.!?…。\n]\s?)\W{0,5}"
# `[^.:!?]{0,40}`: within one clause, and so far that nobody's wording is longer; it also bounds the search.
_FORMS = {
    "en": (
        rf"\b(?:by|at|after|upon|on|once|having)\b[^.:!?]{{0,40}}?\b{_EN}\b[^.:!?]{{0,20}}?\b(?!we\b){_WE_EN}(?:['’]ll| will| should| can)\b",
        rf"\b(?:in|during|throughout) (?:this|these|today['’]s)\b[^.:!?]{{0,20}}?\b{_EN}\b[^.:!?]{{0,10}}?\b{_WE_EN}(?:['’]ll| will| are going to) (?:also )?"
        r"(?:learn|be able|understand|discover|practi[cs]e|gain)",
        _START + r"(?:the )?(?:students|learners|participants|attendees|pupils) (?:will|should) (?:be able to|learn|understand|know)\b",
        rf"\b(?:goal|aim|objective|purpose)s? of (?:this|the|today['’]s) {_EN} (?:is|are)\b",
        _START + r"you(?:['’]ll| will) (?:also )?learn (?:how|to|about|what|why|when)\b",
    ),
    "uk": (
        rf"\b(?:після|наприкінці|по завершенн\w|у результаті|за підсумками)\b[^.:!?]{{0,40}}?\b{_UK}\w*[^.:!?]{{0,20}}?(?:зможе|навчи[тв]|вміти|уміти|знати)",
        rf"\b(?:на|у|в|під час|протягом) (?:цьому|цій|цього|цієї|сьогоднішн\w+)\b[^.:!?]{{0,20}}?\b{_UK}\w*[^.:!?]{{0,15}}?(?:дізнає|навчи[тм])",
        rf"\bмет(?:а|ою) (?:цього |цієї |даного )?{_UK}\w*\s*(?:[—–:-]|є\b|полягає)",
        _START + r"(?:ви|студенти|учні|учасники|слухачі) (?:навчитес|навчаться|дізнаєтес|дізнаються|зможуть)",
    ),
    "ru": (
        rf"\b(?:после|в конце|по окончании|в результате)\b[^.:!?]{{0,40}}?\b{_RU}\w*[^.:!?]{{0,20}}?(?:сможе|научи[тв]|уметь|знать)",
        rf"\b(?:на|в|во время) (?:этом|этой|этого|сегодняшн\w+)\b[^.:!?]{{0,20}}?\b{_RU}\w*[^.:!?]{{0,15}}?(?:узнае|научи[тм])",
        rf"\bцель(?:ю)? (?:этого |этой |данного )?{_RU}\w*\s*(?:[—–:-]|является|состоит)",
        _START + r"(?:вы|студенты|ученики|участники|слушатели) (?:научитес|научатся|узнаете|узнают|смогут)",
    ),
    "es": (
        rf"\b(?:al (?:finalizar|terminar|acabar|concluir|completar|final de|término de)|después de|tras)\b[^.:!?]{{0,30}}?\b{_ES}\b[^.:!?]{{0,25}}?"
        r"\b(?:ser[áé]\w*|podr[áé]\w*|sabr[áé]\w*|habr[áé]\w*|conocer[áé]\w*|comprender[áé]\w*)",
        rf"\ben est[ea]s? {_ES}\b[^.:!?]{{0,20}}?(?:aprender(?:á|é|emos)|(?:vas|vamos|van) a aprender)",
        rf"\bobjetivo (?:de (?:esta|este|la)|del) {_ES} (?:es|consiste)\b",
        _START + r"(?:los (?:estudiantes|alumnos|participantes)|el (?:alumno|estudiante|alumnado)) (?:aprenderá|será|podrá|sabrá)",
    ),
    "de": (
        rf"\b(?:nach|am ende|zum abschluss)\b[^.:!?]{{0,30}}?\b\w*{_DE}\w*[^.:!?]{{0,15}}?\b(?:können|kannst|könnt|kennen|kennst|wissen|weißt|sind|bist|sollten|verstehen|verstehst|haben)\b",
        rf"\b(?:in|während) (?:dieser|diesem|der heutigen)\b[^.:!?]{{0,15}}?\w*{_DE}\w*[^.:!?]{{0,6}}?\blern(?:en|st|t)\b",
        rf"\bziele? (?:dieser|der|des|dieses) \w*{_DE}\w* (?:ist|sind)\b",
        _START + r"(?:die )?(?:studierenden|lernenden|schüler\w*|teilnehmer\w*|teilnehmenden|studenten) (?:lernen|können|kennen|sind in der lage|verstehen)\b",
    ),
    "fr": (
        rf"\b(?:à (?:la fin|l['’]issue)|après|au terme)\b[^.:!?]{{0,30}}?\b{_FR}\b[^.:!?]{{0,20}}?"
        r"\b(?:vous (?:saurez|serez|pourrez|aurez|connaîtrez|comprendrez)|\w+ (?:sera|saura|pourra|seront|sauront|pourront))\b",
        rf"\bdans (?:cette|ce|cet) {_FR}\b[^.:!?]{{0,12}}?\bvous (?:allez (?:apprendre|découvrir)|apprendrez|découvrirez|saurez)\b",
        rf"\bobjectif (?:de (?:cette|la)|de ce|du) {_FR} est\b",
    ),
    "pl": (
        rf"\b(?:po|na koniec|po zakończeniu|po ukończeniu)\b[^.:!?]{{0,30}}?\b{_PL}\w*[^.:!?]{{0,20}}?\b(?:będziesz|będziecie|będzie|będą|potrafisz|potrafi|umie)\b",
        rf"\b(?:na|w|podczas) (?:tej|tym|tych)\b[^.:!?]{{0,10}}?{_PL}\w*[^.:!?]{{0,10}}?(?:nauczysz|nauczymy|dowiesz|dowiemy|poznasz|poznamy)",
        rf"\bcelem (?:tej |tego |tych )?{_PL}\w* jest\b",
    ),
    "pt": (
        rf"\b(?:ao (?:final|término|fim|concluir|terminar|finalizar)|após)\b[^.:!?]{{0,30}}?\b{_PT}\b[^.:!?]{{0,25}}?\b(?:ser[áã]\w*|poder[áã]\w*|saber[áã]\w*|dever[áã]\w*|conseguir[áã]\w*|estar[áã]\w*)",
        rf"\bnest[ea]s? {_PT}\b[^.:!?]{{0,20}}?(?:aprender(?:á|ão|emos)|(?:vai|vão|vamos|irá) aprender)",
        rf"\bobjetivo (?:dest[ea]|da|do) {_PT} é\b",
    ),
    "it": (
        rf"\b(?:al termine|alla fine|dopo)\b[^.:!?]{{0,30}}?\b{_IT}\w*[^.:!?]{{0,25}}?\b(?:saprai|sarai|potrai|saprete|sarete|potrete|sarà|saprà|saranno|sapranno|conoscerai|avrai)\b",
        rf"\bin quest[ao] {_IT}\w*[^.:!?]{{0,20}}?(?:imparerai|imparerete|impareremo|scoprirai)",
        rf"\bobiettivo (?:di quest[ao]|della|del) {_IT}\w* è\b",
    ),
    "zh": (
        r"(?:学完|学习完|完成)本?[^。：！？]{0,8}[课章节元]后?[^。：！？]{0,8}(?:能|会|可以)",
        r"(?:在|通过)?本(?:节|次|单)?[课章节元]程?[^。：！？]{0,8}(?:将会?|会)?(?:学习|学会|学到|掌握)",
        r"本(?:节|次)?[课章节]程?的?(?:学习|教学)?(?:目标|目的)是",
    ),
}  # fmt: skip
_PATTERNS = {
    language: re.compile("|".join(f"(?:{form})" for form in forms), re.IGNORECASE) for language, forms in _FORMS.items()
}
# Each form of English has one of these: a modal verb at its end, or a word for goals. They are found ten times as fast
# as the forms.
_ENGLISH_SIGNS = ("'ll", "’ll", "will", "should", "can", "are going to", "goal", "aim", "objective", "purpose")
# In characters. Behind the form there must be what is to be learned: a short word, or two signs in Chinese.
_MIN_REST_LENGTH, _MIN_CHINESE_REST_LENGTH = 4, 2


def may_state_goal(text: str, language: str) -> bool:
    """Tell whether a text of several sentences may have one for which `states_goal` or `announces_goals` is true."""
    pattern = _PATTERNS.get(language)
    if pattern is None:
        return False
    if language == "en":
        folded = text.casefold()
        if not any(sign in folded for sign in _ENGLISH_SIGNS):
            return False
    return pattern.search(text) is not None


def states_goal(sentence: str, language: str) -> bool:
    """Tell whether a sentence states what its lesson is to teach; blank `language` is none that is known."""
    pattern = _PATTERNS.get(language)
    found = pattern.search(sentence) if pattern is not None else None
    least = _MIN_CHINESE_REST_LENGTH if language == "zh" else _MIN_REST_LENGTH
    rest = len(sentence.rstrip(" .:：。")) - found.end() if found is not None else 0
    return rest >= least and not _is_lead_in(sentence)


def announces_goals(sentence: str, language: str) -> bool:
    """Tell whether a sentence announces a list of goals: "After this lesson you can:"."""
    pattern = _PATTERNS.get(language)
    return pattern is not None and _is_lead_in(sentence) and pattern.search(sentence) is not None


def _is_lead_in(sentence: str) -> bool:
    return sentence.rstrip(" *_").endswith((":", "：", "…", "..."))
