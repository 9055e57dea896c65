"""What exercises and the parts of one are called, beyond the words that the whole engine shares."""

from __future__ import annotations

import re

from materials.readers.base import task_words
from structures.engines.outline import words

# Where a weak word leads a file name, the file is a task all the same: nobody calls a lesson `lab-walls.md`.
FILE_PREFIXES = (
    r"labs?|assignments?|challenges?|ex|hw|завдання|задач[аі]|задани[ея]|aufgaben?|tareas?|prácticas?|tp|td|zadani[ea]|"
    r"tarefas?|compit[oi]|实验|任务"
)
# What several tasks together are called. Below such a heading a list of numbered tasks is not the steps of one. Words
# that are the same in the singular ("завдання", "作业") are not here.
# "Piastrelle di prova" are tiles to try something on.
COLLECTIONS = (
    r"exercises|challenges|assignments|problems|problem sets?|worksheets?|quiz(?:zes)?|exam(?:ination)?|tests?|midterm|"
    r"practice problems|вправи|задачі|тестові завдання|вікторина|тест(?:и)?|екзамен|іспит|контрольна(?: робота)?|"
    r"упражнения|задачи|экзамен|тесты?|übungen|aufgaben|übungsaufgaben|klausur|prüfung|"
    r"exercices|examen|contrôle|ejercicios|problemas|cuestionarios?|ćwiczenia|zadania|egzamin|kolokwium|sprawdzian|"
    r"exercícios|exame|(?<! di )(?<! de )prova|questionário|esercizi|esame|verifica|练习题?|习题|测验|考试|试题|试卷"
)
# What an examination is called, and of what kind it is.
EXAMS = (
    r"exams?|examination|midterm|tests?|екзамен|іспит|тест|контрольна|экзамен|тест|контрольная|klausur|prüfung|test|examen|contrôle|"
    r"interrogation|prueba|examen|parcial|egzamin|kolokwium|sprawdzian|test|exame|prova|teste|esame|verifica|考试|试卷|期末考试|期中考试"
)
EXAM_KINDS = (
    r"final|mid-?term|mock|sample|practice|written|oral|entry|placement|unit|chapter|підсумков(?:ий|а)|вхідн(?:ий|а)|модульн(?:ий|а)|"
    r"итогов(?:ый|ая)|mündliche|schriftliche|blanc|partiel|parcial|escrito|próbny|końcowy|scritto|finale|escrita|modelo|de prueba|期末|期中"
)
# Questions to look back with: short, and one exercise together, unless they have choices.
QUESTION_LISTS = (
    r"(?:practice|review|self[- ]check) questions|контрольні (?:за)?питання|(?:за)?питання для (?:само)?перевірки|"
    r"контрольные вопросы|вопросы для самопроверки|kontrollfragen|verständnisfragen|pytania (?:kontrolne|sprawdzające)|思考题"
)
# What one of several questions is called; only with a number, for "Question" alone is a heading of any text.
QUESTIONS = (
    r"questions?|problems?|items?|(?:за)?питання|вопросы?|frage|aufgabe|pregunta|problema|question|exercice|pytanie|zadanie|"
    r"questão|pergunta|domanda|quesito|第|题|问题"
)
# Headings of what an exercise is graded by.
CRITERIA = (
    r"(?:grading |assessment |scoring |marking )?rubrics?|(?:grading|assessment|marking|evaluation|success|acceptance) criteria|criteria(?: for success)?|"
    r"grading(?: scheme| scale)?|marking scheme|how (?:you|it|this) (?:will be|is) (?:graded|marked|assessed)|"
    r"критерії(?: (?:оцінювання|оцінки|успіху))?|(?:шкала |система )?оцінювання|розподіл балів|критерии(?: оценивания| оценки)?|"
    r"(?:bewertungs|beurteilungs)?kriterien|bewertung(?:sschema|sraster|smaßstab)?|punkteverteilung|"
    r"barème|critères? (?:d['’]évaluation|de notation|de réussite)|grille d['’]évaluation|"
    r"rúbrica|criterios? de (?:evaluación|calificación|corrección)|kryteria (?:oceniania|oceny|sukcesu)|punktacja|"
    r"rubrica|critérios? de (?:avaliação|correção)|criteri(?:o)? di (?:valutazione|correzione)|griglia di valutazione|"
    r"评分标准|评价标准|评分细则"
)
# What one gets for a task, where it is said behind it: "(5 points)", "[10 балів]".
POINTS = re.compile(
    r"[(\[（]\s*\d+(?:[.,]\d+)?\s*(?:points?|pts?|marks?|бал\w*|Punkte?|P|puntos?|punkt\w*|pkt|pontos?|punt[io]|分)\.?\s*[)\]）]",
    re.IGNORECASE,
)
NUMBER = r"(?:[№#]\s*|n[.ºo°]\s*)?\d{1,3}(?:\.\d{1,3}){0,3}[a-z]?|[ivx]{1,5}"

_CJK = "\u4e00-\u9fff"


def compile_label(label_words: str) -> re.Pattern[str]:
    """Return a pattern for `match`: one of the words, a number or not, and what parts it from the text behind.

    Groups: `label` is the word with its number, `number` the number. At the end of the text nothing parts it.
    """
    return re.compile(
        rf"[^\w]*(?P<label>(?:{label_words})(?:(?<=[{_CJK}])|(?!\w))\s*(?P<number>(?:{NUMBER})(?!\w))?)"
        r"(?:\s*\)?\s*(?:[:：。|]|\.(?=\s|$))\s*|\s*[—–]\s*|\s+-\s+"
        r"|\s*[(\[（][^()\[\]]{0,40}[)\]）]\s*(?:[:：]\s*|\.(?=\s|$)\s*|[—–-]\s|$)"
        # "Exercise 1 (10 points)" and the task on the next line.
        r"|(?(number)\s*[(\[（][^()\[\]]{0,40}[)\]）]\s+|(?!))|\s*$)",
        re.IGNORECASE,
    )


# "Task" alone, with a number or before a colon; a heading "Task – connect the sensor" is a step of what is taught.
TASKS = r"tasks?"
# "Exercise" alone in a line names a task where a heading was not made one; "Practice" alone may mean anything.
STRONG_LABEL = compile_label(task_words.EXERCISES_ANYWHERE)
EXERCISE_LABEL = compile_label(rf"{task_words.EXERCISES}|{TASKS}")
SOLUTION_LABEL = compile_label(task_words.SOLUTIONS)
HINT_LABEL = compile_label(task_words.HINTS)
QUESTION_LABEL = compile_label(QUESTIONS)
SOLUTION = words.compile_search(task_words.SOLUTIONS)
HINT = words.compile_prefix_match(task_words.HINTS)
COLLECTION = words.compile_search(COLLECTIONS)
QUESTION_LIST = words.compile_search(QUESTION_LISTS)
# "CHALLENGE 3 - START" and "CHALLENGE 3 - END" stand before and behind a task.
_STARTS = r"start|begin(?:ning)?|початок|начало|anfang|beginn|début|inicio|początek|início|inizio|开始"
_ENDS = r"end|finish|кінець|конец|ende|fin|koniec|fim|fine|结束"
START_MARK = re.compile(rf"^(?P<label>.{{1,60}}?)\s*[-–—:|(]\s*(?:{_STARTS})\W*$", re.IGNORECASE)
END_MARK = re.compile(
    rf"^(?:(?P<label>.{{1,60}}?)\s*[-–—:|(]\s*(?:{_ENDS})|(?:{_ENDS}) (?:of|de|del|des|der|di|do|da) .{{1,60}}?)\W*$",
    re.IGNORECASE,
)
CRITERIA_TITLE = re.compile(rf"[^\w]*(?:{CRITERIA})(?:\s*[:(].*)?[^\w]*", re.IGNORECASE)
