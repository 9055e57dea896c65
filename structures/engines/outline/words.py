"""Word lists by which the outline engine recognises divisions, exercises, solutions and headings without content.

English, Ukrainian, Russian, German, French, Spanish, Polish, Portuguese and Italian. The lists are alternatives of one
regular expression, matched without regard to case. They hold words of the language, never a course's own names: a word
that helps one course alone is a wrong word.
"""

from __future__ import annotations

import re

from materials.readers.base import task_words

# What a numbered part of a course is called, as in `Week 3` or `Розділ 2`.
DIVISIONS = (
    "module|unit|part|chapter|section|week|day|session|lecture|lesson|topic|class|course|lab|"
    "модуль|частина|розділ|глава|тиждень|день|лекція|урок|заняття|тема|блок|"
    "часть|раздел|неделя|лекция|занятие|"
    "modul|teil|kapitel|abschnitt|woche|tag|vorlesung|lektion|thema|einheit|"
    "partie|chapitre|semaine|jour|cours|leçon|séance|thème|unité|"
    "módulo|parte|capítulo|semana|día|clase|lección|tema|unidad|sesión|"
    "moduł|część|rozdział|tydzień|dzień|wykład|lekcja|temat|"
    "dia|aula|lição|unidade|modulo|capitolo|settimana|giorno|lezione|unità"
)

# What tasks and their answers are called: the words by which readers label boxes, too.
EXERCISES_ANYWHERE = task_words.EXERCISES_ANYWHERE
EXERCISES = task_words.EXERCISES
SOLUTIONS = task_words.SOLUTIONS

# Headings that every course has and that name nothing to learn: neither a title of a lesson nor a concept.
GENERIC_HEADINGS = (
    r"agenda(?: topics)?|outline|overview|contents?|table of contents|introduction|intro|summary|conclusions?|recap|review|wrap[- ]?up|"
    r"questions\??|q ?& ?a|discussion|thanks?|thank you.*|acknowledge?ments?.*|references?|further reading|resources?|materials?|"
    r"links|bibliography|credits|licen[cs]e|copyright|contact|about(?: me| us| the author)?|faculty introduction|prerequisites|"
    r"learning (?:goals?|objectives?|outcomes?)|objectives?|goals?|on your own|extra tips?|double bonus points|how to use|examples?|notes?|slides?|lecture|demo|output|input|results?|appendix|"
    r"next steps|homework|break|lunch|schedule|welcome|getting started|key (?:points|takeaways)|takeaways|tips?|warning|hints?|steps?|"
    r"(?:step|крок|шаг|schritt|étape|paso|krok|passo) \d+.*|background|motivation|context|setup|getting help|image credits?|additional (?:information|resources|reading)|program|continued|"
    r"вступ|огляд|зміст|план|підсумки?|узагальнення|висновк[иа]|питання|матеріали.*|нотатки|приклади?|лекція|практика|теорія|"
    r"домашнє завдання|література|джерела|посилання|мета|цілі|демонстрація|міні-демонстрація|аналогія|дякую.*|що далі|повторення|"
    r"корисні посилання|очікувані результати|результати?|"
    r"введение|обзор|содержание|план|итоги?|вывод(?:ы)?|вопросы|материалы|заметки|примеры?|лекция|литература|источники|ссылки|цели?|"
    r"einführung|einleitung|überblick|inhalt|inhaltsverzeichnis|zusammenfassung|fazit|fragen|beispiele?|literatur|quellen|danke|ziele|"
    r"introduction|aperçu|sommaire|résumé|conclusion|questions|exemples?|bibliographie|objectifs|merci|"
    r"introducción|índice|contenido|resumen|conclusi[óo]n(?:es)?|preguntas|ejemplos?|bibliografía|objetivos|gracias|"
    r"wprowadzenie|wstęp|spis treści|podsumowanie|wnioski|pytania|przykłady?|literatura|cele"
)

# What may stand before a definition, with a colon or dash, as in `Definition: a list is ...`.
DEFINITION_LABELS = (
    r"definition|definitions|what is it|meaning|term|note|important|remember|визначення|що це(?: таке)?|означення|термін|пам['’]ятайте|"
    r"важливо|определение|термин|важно|definition|begriff|merke|définition|definición|definicja|definição|definizione"
)

# Titles that programs give to documents by themselves, and file names without content.
GENERIC_TITLES = (
    r"untitled.*|presentation\d*|powerpoint presentation|document\d*|word document|microsoft word.*|slide ?\d*|new .*|title|"
    r"readme|index|home|без назви|презентація|документ|unbenannt|sans titre|sin título|bez tytułu|\W*\d+\W*"
)

# File names that belong to a repository, not to the course in it.
REPOSITORY_NAMES = r"licen[cs]e|copying|copyright|contributing|code_of_conduct|changelog|authors|contributors|citation|security|manifest|notice"

# Folders of what is used no more, and what may stand beside these words.
OUTDATED = (
    r"old|archived?|obsolete|superseded|deprecated|outdated|backups?|trash|drafts?|do not use|don t use|not used|"
    r"стар[іе]|архів|чернетки|застаріл[іе]|не використовувати|старые|архив|черновики|не использовать|"
    r"viejos?|antiguos?|borrador(?:es)?|obsoletos?|no usar|alte?s?|veraltete?s?|archiv|entwürfe|nicht (?:mehr )?(?:be)?nutzen|"
    r"nicht (?:mehr )?verwenden|anciens?|brouillons?|ne pas utiliser|stare|archiwum|szkice|nieaktualne|nie używać|"
    r"antigos?|rascunhos?|não usar|vecchi[oe]?|bozze|non usare|旧版?|存档|草稿"
)
OUTDATED_THINGS = (
    r"versions?|files?|copies|stuff|materials?|версії|файли|версии|файлы|versiones|archivos|versionen|dateien|fichiers|"
    r"wersje|pliki|versões|arquivos|versioni"
)


# Not \b, which would not end a word that itself ends in a sign, such as `questions?`. Chinese has no spaces between words.
_WORD_BEGIN = r"(?:(?<!\w)|(?=[\u4e00-\u9fff]))"
_WORD_END = r"(?:(?!\w)|(?<=[\u4e00-\u9fff]))"


_CJK = re.compile(r"[\u3400-\u9fff]")
# Characters of Chinese that say as much as a word elsewhere: most of its words have two.
_CHARACTERS_A_WORD = 2


def count_words(text: str) -> int:
    """Return about how many words a text has; Chinese is counted by its characters."""
    ideographs = 0 if text.isascii() else len(_CJK.findall(text))
    return len(text.split()) + ideographs // _CHARACTERS_A_WORD


def compile_full_match(words: str) -> re.Pattern[str]:
    """Return a pattern for `fullmatch`: the text is one of the words and nothing else."""
    return re.compile(rf"(?:{words})", re.IGNORECASE)


def compile_prefix_match(words: str) -> re.Pattern[str]:
    """Return a pattern for `match`: the text begins with one of the words, whole."""
    return re.compile(rf"(?:{words}){_WORD_END}", re.IGNORECASE)


def compile_search(words: str) -> re.Pattern[str]:
    """Return a pattern for `search`: one of the words, whole, stands anywhere in the text."""
    return re.compile(rf"{_WORD_BEGIN}(?:{words}){_WORD_END}", re.IGNORECASE)
