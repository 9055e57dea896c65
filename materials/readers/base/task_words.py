"""The words for tasks, their solutions and hints, by which readers label boxes and engines find exercises.

English, Ukrainian, Russian, German, French, Spanish, Polish, Portuguese, Italian, Chinese. Each list holds the
alternatives of one regular expression, for `compile_title_match` or a pattern of one's own.
"""

from __future__ import annotations

import re

# What a task for the learner is called, in words that mean little else.
EXERCISES_ANYWHERE = (
    r"exercises?|quiz(?:zes)?|homework|worksheets?|problem sets?|coursework|mini[- ]project|"
    r"review questions|practice (?:problems?|questions?|exercises?)|"
    r"вправ[аи]|міні-завдання|домашн[єі] завдання|практичн[аеі] (?:робота|роботи|завдання|частина)|лабораторн(?:а|і)(?: роб(?:ота|оти))?|"
    r"робоч(?:ий аркуш|і аркуші)|тестов[еі] завдання|вікторина|контрольн(?:а робота|і (?:за)?питання)|самостійна робота|(?:за)?питання для (?:само)?перевірки|"
    r"упражнени[ея]|домашн(?:ее|ие) задани[ея]|практическ(?:ая работа|ое задание)|лабораторная(?: работа)?|викторина|"
    r"контрольные вопросы|вопросы для самопроверки|"
    r"übung(?:en)?|übungsaufgaben?|hausaufgaben?|arbeitsblatt|arbeitsblätter|verständnisfragen|kontrollfragen|"
    r"(?:arbeits|lern|werkstatt|übungs|beobachtungs|praxis)auftr(?:ag|äge)|"
    r"exercices?|devoirs?|travaux pratiques|travaux dirigés|"
    r"ejercicios?|deberes|cuestionarios?|(?:hojas?|fichas?) de (?:trabajo|trabalho|actividad(?:es)?)|kart[ay] pracy|ćwiczeni[ea]|prac[ae] domow[ae]|zadani[ea] domowe|kartkówka|"
    r"exercícios?|lição de casa|lista de exercícios|questionário|eserciz[io]+|compit[oi] a casa|compiti per casa|"
    r"sched[ae] (?:di lavoro|operativ[ae])|"
    r"练习题?|习题|作业|测验|小测|思考题|课后题"
)

# Words that name a task only when they stand alone, before a number or before a colon: "Lab 3", "Assignment: ...". At
# the beginning of a longer heading they mean something else: "Practice makes perfect", "Activity diagrams", "Challenges
# of the city", "Завдання курсу" (aims of a course), "Aufgaben des Staates".
EXERCISES = (
    rf"{EXERCISES_ANYWHERE}|challenges?|assignments?|labs?|laboratory|practice|practical|hands[- ]on(?: activity| exercise)?|"
    r"activity|activities|your turn|try it(?: yourself| out)?|check your understanding|test your(?:self| knowledge)|self[- ]check|"
    r"knowledge check|завдання|задач[аі]|практика|практичне|практикум|міні-про[єе]кт|перевір(?:те|ка) себе|спробуй(?:те)?(?: самі)?|ваша черга|"
    r"задани[ея]|проверь(?:те)? себя|aufgaben?|praktikum|aktivität|jetzt sind sie dran|teste dein wissen|"
    r"activités?|tp|td|à vous de jouer|testez vos connaissances|tareas?|prácticas?|actividad(?:es)?|reto|desafío|problemas?|"
    r"comprueba tus conocimientos|ponte a prueba|zadani[ea]|laboratorium|wyzwanie|aktywność|sprawdź się|sprawdź swoją wiedzę|"
    r"tarefas?|atividades?|desafio|práticas?|teste seus conhecimentos|compit[oi]|attività|sfida|laboratorio|scheda|"
    r"verifica le tue conoscenze|mettiti alla prova|任务|实验|挑战|动手做|试一试|自测"
)

# What the answer to a task is called.
SOLUTIONS = (
    r"solutions?|answer (?:keys?|sheets?)|(?:correct |model |sample )?answers?|key to (?:the )?(?:exercises|quiz)|worked solutions?|"
    r"(?:правильн[аі] )?відповід[ьі]|розв['’ʼ]?яз(?:ок|ки|ання)|рішення|ключ(?:і)? до (?:вправ|завдань|тесту)|"
    r"(?:правильный )?ответы?|решени[ея]|"
    r"(?:muster|beispiel)?lösung(?:en)?|lösungs(?:vorschl(?:ag|äge)|hinweise?|skizzen?)|(?:richtige )?antwort(?:en)?|"
    r"corrigés?|corrections?|réponses?|(?:respuesta correcta|solución|soluciones|respuestas?|solucionario)|"
    r"rozwiązani[ea]|odpowiedzi|odpowiedź|klucz odpowiedzi|soluções|solução|(?:respostas?(?: correta)?)|gabarito|"
    r"soluzion[ei]|rispost[ea]|答案|参考答案|解答|题解"
)

# What helps with a task without being its answer.
HINTS = (
    r"hints?|clues?|підказк[аи]|подсказк[аи]|hinweise?|tipps?|indices?|indication|coup de pouce|pistas?|wskazówk[ai]|podpowiedź|"
    r"dicas?|suggeriment[oi]|提示"
)

_NUMBER = r"(?:\s*[№#]?\s*\d+(?:[.\-]\d+)*)?"


def compile_title_match(words: str) -> re.Pattern[str]:
    """Return a pattern for `fullmatch`: a title that says no more than one of the words, perhaps with a number."""
    # Marks around the words, such as a pictogram, say nothing.
    return re.compile(rf"[^\w]*(?:{words}){_NUMBER}[^\w]*", re.IGNORECASE)


# What one of several questions is called, with its number.
_QUESTION_TITLE = re.compile(
    r"[^\w]*(?:question|(?:за)?питання|вопрос|frage|pregunta|pytanie|questão|pergunta|domanda|问题)\s*[№#]?\s*\d+[^\w]*",
    re.IGNORECASE,
)
_BOX_TITLE = compile_title_match(rf"{EXERCISES}|{SOLUTIONS}|{HINTS}")
# "Exercise 3: Boil", "Show the solution", "Розв'язок вправи 2", "Lösung zu Aufgabe 3".
_LABELLED_TITLE = re.compile(
    rf"[^\w]*(?:(?:{EXERCISES}){_NUMBER}\s*[:.—–]\s.*"
    rf"|(?:(?:show|see|view|reveal|click (?:here )?(?:for|to see)|показати|переглянути|zeigen?|voir|afficher|ver|mostrar|pokaż|mostra|vedi|查看)\s+"
    rf"(?:the |a |die |la |le |les |las? |los |el |o |as? )?)?(?:{SOLUTIONS}|{HINTS})"
    rf"(?:\s*[:.—–(].*|(?:\s+(?:anzeigen|einblenden))?|(?:\s+(?:to|for|zu|zur|до|к|de|del|da|di|à|do)\b)?.{{0,30}}\d+(?:\.\d+)*)[^\w]*)",
    re.IGNORECASE,
)
# A title of more characters is a sentence that a task or an answer begins with.
_MAX_TITLE_LENGTH = 80


def is_task_title(title: str) -> bool:
    """Tell whether the title of a box says that a task, a solution or a hint stands in it."""
    if len(title) > _MAX_TITLE_LENGTH:
        return False
    if _QUESTION_TITLE.fullmatch(title) is not None:
        return True
    return _BOX_TITLE.fullmatch(title) is not None or _LABELLED_TITLE.fullmatch(title) is not None
