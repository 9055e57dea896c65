"""What the head of a column says of a table of lessons: a group of them, the title of one, a file, or a time."""

from __future__ import annotations

import re
from enum import StrEnum


class ColumnRole(StrEnum):
    """What the cells of a column are."""

    GROUP = "group"
    TITLE = "title"
    FILE = "file"
    NUMBER = "number"
    DATE = "date"


_WORDS: dict[ColumnRole, set[str]] = {
    # In the languages of the product; those of one row: English, Ukrainian, Russian, Spanish, German, French, Polish,
    # Portuguese, Italian, Chinese.
    ColumnRole.GROUP: {
        "part", "module", "unit", "section", "week", "block", "chapter", "project", "group", "term", "phase", "stage",
        "частина", "модуль", "розділ", "тиждень", "блок", "проєкт", "етап", "часть", "раздел", "неделя",
        "parte", "módulo", "unidad", "sección", "semana", "bloque", "capítulo", "proyecto",
        "teil", "modul", "einheit", "abschnitt", "woche", "kapitel", "projekt",
        "partie", "unité", "semaine", "bloc", "chapitre", "projet", "séquence",
        "część", "moduł", "jednostka", "sekcja", "tydzień", "rozdział", "blok",
        "unidade", "seção", "secção", "bloco", "projeto",
        "modulo", "unità", "sezione", "settimana", "blocco", "capitolo", "progetto",
        "部分", "模块", "单元", "周", "章", "周次", "项目",
    },
    ColumnRole.TITLE: {
        "lesson", "title", "topic", "name", "lecture", "session", "subject", "episode", "linked lesson", "lesson title",
        "заняття", "урок", "назва", "тема", "лекція", "тема заняття", "назва уроку",
        "название", "занятие", "лекция",
        "lección", "título", "tema", "nombre", "clase", "sesión",
        "lektion", "titel", "thema", "vorlesung", "sitzung", "stunde",
        "leçon", "titre", "sujet", "thème", "nom", "cours", "séance",
        "lekcja", "tytuł", "temat", "nazwa", "wykład", "zajęcia",
        "lição", "aula", "nome", "assunto", "sessão",
        "lezione", "titolo", "argomento", "sessione",
        "课程", "课", "标题", "主题", "名称", "题目",
    },
    ColumnRole.FILE: {
        "file", "files", "path", "link", "links", "material", "materials", "resource", "resources", "slides", "slide",
        "notes", "reading", "readings", "video", "notebook", "notebooks", "exercise", "exercises", "assignment",
        "homework", "handout", "handouts", "code", "pdf", "url", "document", "filename", "transcript",
        "файл", "файли", "посилання", "матеріали", "матеріал", "слайди", "відео", "завдання", "конспект",
        "файлы", "ссылка", "материалы", "слайды", "видео", "задание",
        "archivo", "archivos", "fichero", "enlace", "recursos", "materiales", "diapositivas", "lecturas", "tarea",
        "datei", "dateien", "unterlagen", "folien", "materialien", "übung", "übungen", "verweis", "skript",
        "fichier", "fichiers", "lien", "supports", "support", "diapositives", "lectures", "exercices", "devoirs",
        "plik", "pliki", "odnośnik", "materiały", "slajdy", "ćwiczenia", "zadanie",
        "arquivo", "arquivos", "ficheiro", "ligação", "materiais", "leituras", "exercícios", "tarefa",
        "collegamento", "materiali", "diapositive", "letture", "esercizi", "compiti",
        "文件", "链接", "材料", "资料", "幻灯片", "课件", "视频", "作业", "练习", "讲义",
    },
    ColumnRole.NUMBER: {
        "#", "no", "no.", "nr", "nr.", "number", "num", "id", "№", "n", "n°", "номер", "número", "nummer", "numéro",
        "numer", "numero", "lp", "lp.", "order", "序号", "编号", "号",
    },
    ColumnRole.DATE: {
        "date", "day", "time", "when", "duration", "minutes", "hours", "дата", "день", "час", "коли", "тривалість",
        "время", "fecha", "día", "hora", "duración", "datum", "tag", "zeit", "wann", "dauer", "jour", "heure", "durée",
        "data", "dzień", "czas", "dia", "duração", "giorno", "ora", "durata", "日期", "时间", "日", "时长",
    },
}  # fmt: skip
# Say of what another word names that it is named: "module title".
_NAMES = {
    "name", "title", "назва", "название", "nombre", "título", "titel", "nom", "titre", "nazwa", "tytuł", "nome",
    "titolo", "名称", "标题",
}  # fmt: skip
_ROLES = {word: role for role, words in _WORDS.items() for word in words}
_DECORATION = re.compile(r"^[^\w#№]+|[^\w#№°.]+$")


def find_column_role(head: str) -> ColumnRole | None:
    """Return what a column is by the words of its head; None when they do not tell."""
    words = _DECORATION.sub("", head.casefold())
    if words in _ROLES:
        return _ROLES[words]
    found = [word for word in words.split() if word in _ROLES]
    roles = [_ROLES[word] for word in found if word not in _NAMES] or [_ROLES[word] for word in found]
    return roles[-1] if roles else None
