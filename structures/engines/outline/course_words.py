"""Words by which the parts of a course and their files are named, in the languages of the product.

English, Ukrainian, Russian, Spanish, German, French, Polish, Portuguese, Italian, and Chinese where words are written
with spaces or numbers. They are words of the languages, never names of one course. All are compared case-folded.
"""

from __future__ import annotations

import re
from enum import IntEnum

from structures.engines.outline.plans import Role


class Level(IntEnum):
    """What a word for a division usually stands for, outermost first."""

    PART = 1
    MODULE = 2
    LESSON = 3


def _split(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PARTS = _split("part parts частина часть teil partie parte część book том volume vol semester семестр term 部分")
_MODULES = _split(
    "module unit chapter section week day block topic ch wk mod sec "
    "модуль розділ глава тиждень день блок тема раздел неделя "
    "modul kapitel abschnitt woche tag einheit thema kap "
    "chapitre semaine jour unité thème séquence "
    "módulo modulo capítulo capitulo semana día dia unidad unidade tema bloque bloco ud "
    "moduł rozdział tydzień dzień temat dział blok "
    "capitolo settimana giorno unità "
    "章 单元 周 模块"
)
_LESSONS = _split(
    "lesson lecture session class lec episode ep meeting seminar "
    "урок лекція заняття лекция занятие пара семінар "
    "vorlesung lektion sitzung stunde vl "
    "leçon cours séance "
    "clase lección leccion sesión sesion aula lição aulas "
    "wykład lekcja zajęcia lezione "
    "课 讲 节"
)
DIVISIONS: dict[str, Level] = {
    **dict.fromkeys(_PARTS, Level.PART),
    **dict.fromkeys(_MODULES, Level.MODULE),
    **dict.fromkeys(_LESSONS, Level.LESSON),
}

# Folders that only hold what is taught, and say nothing of it.
CONTAINERS = _split(
    "parts modules units chapters sections weeks days blocks topics lessons lectures sessions classes course courses "
    "content contents material materials src docs doc source sources files book pages page en uk es de fr pl pt it zh "
    "curriculum episodes _episodes posts articles learn data main public site static assets resources "
    "частини модулі розділи уроки лекції теми курс матеріали заняття части модули разделы уроки лекции темы материалы "
    "teile module kapitel lektionen vorlesungen kurs materialien unterlagen einheiten themen inhalt inhalte "
    "parties chapitres leçons cours unités thèmes contenu matériel supports "
    "partes módulos capítulos lecciones clases unidades temas curso contenido contenidos materiales sesiones "
    "części moduły rozdziały lekcje wykłady tematy kurs materiały zajęcia "
    "aulas lições conteúdo materiais moduli capitoli lezioni corso contenuti materiali unità temi "
    "课程 资料 章节"
)

# What a file or folder is called after its kind rather than its subject.
_ROLE_WORDS: dict[Role, frozenset[str]] = {
    Role.SLIDES: _split(
        "slides slide deck decks presentation presentations ppt pptx powerpoint keynote "
        "слайди слайды презентація презентації презентация презентации folien präsentation präsentationen "
        "diapositives diapos diapo présentation diapositivas presentación presentaciones slajdy prezentacja "
        "prezentacje "
        "apresentação apresentações diapositive presentazione presentazioni 幻灯片 课件"
    ),
    Role.TRANSCRIPT: _split(
        "caption captions subtitle subtitles subs sub transcript transcripts transcription video videos recording "
        "recordings audio srt vtt mp4 mp3 webm podcast "
        "субтитри відео запис записи аудіо субтитры видео запись аудио untertitel aufzeichnung aufzeichnungen "
        "sous-titres vidéo vidéos transcripción subtítulos vídeo napisy nagranie nagrania wideo legendas legenda "
        "sottotitoli registrazione trascrizione 视频 字幕"
    ),
    Role.READING: _split(
        "handout handouts reading readings notes pdf pdfs docx word html summary cheatsheet extra extras supplementary "
        "script skript handreichung lektüre arbeitstexte конспект конспекти роздатка додаток додатки читання довідка "
        "конспекты раздатка чтение lecture-notes polycopié lectures-complémentaires apuntes lectura lecturas notatki "
        "konspekt lektura lektury apostila leitura leituras dispensa dispense letture images img figures media figs "
        "讲义 笔记"
    ),
    Role.EXERCISE: _split(
        "exercise exercises assignment assignments homework hw lab labs task tasks worksheet worksheets quiz quizzes "
        "challenge challenges practice problem problems problemset pset test tests exam exams activity activities "
        "project projects practical practicals tutorial-exercise ex exer "
        "завдання вправа вправи дз домашка домашнє практика практичне практична лабораторна лаба тест тести "
        "контрольна "
        "задача задачі задание задания упражнение упражнения практическая лабораторная домашнее "
        "übung übungen aufgabe aufgaben hausaufgabe hausaufgaben übungsblatt arbeitsblatt blatt praktikum klausur ue "
        "üb "
        "exercice exercices devoir devoirs td tp travaux évaluation "
        "ejercicio ejercicios tarea tareas ficha fichas práctica prácticas cuestionario examen actividad actividades "
        "ćwiczenie ćwiczenia zadanie zadania kartkówka sprawdzian laboratorium "
        "exercício exercícios tarefa tarefas prova questionário esercizio esercizi compito compiti esercitazione "
        "esercitazioni verifica 练习 作业 测验 实验"
    ),
    Role.SOLUTION: _split(
        "solution solutions answer answers key sol "
        "відповідь відповіді розв'язок розв'язки розвязки розв’язок розв’язки рішення ключ ответ ответы решение "
        "решения "
        "lösung lösungen loesung loesungen musterlösung musterlösungen antwort antworten "
        "corrigé corrigés correction corrections réponse réponses solución soluciones respuesta respuestas "
        "solucionario "
        "rozwiązanie rozwiązania odpowiedź odpowiedzi solução soluções gabarito resposta respostas "
        "soluzione soluzioni risposta risposte 答案 解答"
    ),
    Role.TEACHER_NOTES: _split(
        "teacher teachers instructor instructors facilitator facilitators trainer trainers "
        "вчителя вчителю викладача викладачу учителя "
        "учителю "
        "lehrer lehrkraft lehrkräfte enseignant enseignants profesor profesorado docente docentes nauczyciel "
        "nauczyciela "
        "professor insegnante insegnanti 教师"
    ),
}
ROLE_BY_WORD: dict[str, Role] = {word: role for role, found in _ROLE_WORDS.items() for word in found}


def is_kind_of_file(title: str) -> bool:
    """Tell whether a title says only what kind of file it names, such as `Slides (pdf)` or `Assignment 2`."""
    found = [word for word in re.findall(r"[^\W_]+", title.casefold()) if not word.isdecimal()]
    return bool(found) and all(word in ROLE_BY_WORD for word in found)


# What stands between the words for a kind of file: `Ficha de trabajo`, `guide for trainers`.
FILLER_WORDS = _split(
    "of for the a to and work guide de del la el los y trabajo du des et à travail do da dos das e per il le zu "
    "zur zum "
    "der die das für und leitfaden для до з до та і dla do i na 和 的"
)


# What the main file of a lesson is called.
MAIN_WORDS = _split(
    "readme index _index article text texts theory main body lesson lecture content page "
    "теорія стаття текст тексти урок лекція теория статья тексты theorie inhalt "
    "théorie texte textes teoría texto textos artículo teoria artykuł tekst teksty testo testi 正文 教材"
)

# What a recording or its captions are called beside a text. Alone, a file of text may have such a title of its own.
TALK_WORDS = _split(
    "talk lecture clip film доповідь лекція виступ ролик лекция доклад vortrag vorlesung exposé conférence cours "
    "charla clase wykład prelekcja palestra aula lezione intervento 讲座 演讲 讲课"
)

# Files about the course or its repository, which teach nothing.
ADMINISTRATION_WORDS = _split(
    "license licence copying copyright contributing code_of_conduct changelog authors contributors citation security "
    "manifest notice syllabus schedule calendar timetable roster grading gradebook policy policies announcement "
    "announcements forum faq todo template credits acknowledgements acknowledgments imprint agenda attendance "
    "leeme leame lisezmoi liesmich leiame leggimi прочитай прочитати czytaj didáctica semesterplan "
    "силабус розклад календар програма ліцензія оголошення форум журнал планування "
    "силлабус расписание лицензия объявления программа "
    "lizenz zeitplan terminplan studienordnung impressum ankündigungen "
    "licence calendrier annonces programme "
    "licencia calendario cronograma programación anuncios foro temario programa "
    "licencja harmonogram regulamin ogłoszenia sylabus "
    "licença cronograma anúncios ementa licenza calendario annunci programma 许可 课表 大纲 教学大纲"
)
