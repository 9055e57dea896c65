"""What people call a table of contents, in the languages of the product: such a heading is no title of a part."""

from __future__ import annotations

import re

_TITLES = {
    "summary", "table of contents", "contents", "toc", "index", "lessons", "lesson list", "list of lessons", "chapters",
    "modules", "course contents", "course content", "course outline", "outline", "curriculum", "syllabus", "schedule",
    "course schedule", "materials", "course materials", "learning path",
    "зміст", "зміст курсу", "уроки", "перелік уроків", "модулі", "розділи", "програма", "програма курсу", "розклад",
    "матеріали", "матеріали курсу", "план курсу", "лекції",
    "оглавление", "содержание", "уроки курса", "программа курса", "расписание", "материалы",
    "índice", "tabla de contenidos", "tabla de contenido", "resumen", "contenido", "contenidos", "lecciones",
    "capítulos", "módulos", "programa", "programa del curso", "temario", "calendario", "cronograma", "materiales",
    "inhalt", "inhaltsverzeichnis", "inhalte", "lektionen", "kapitel", "module", "kursinhalt", "kursprogramm",
    "lehrplan", "zeitplan", "materialien", "übersicht",
    "sommaire", "table des matières", "contenu", "leçons", "chapitres", "programme", "programme du cours", "plan",
    "plan du cours", "calendrier", "matériel", "supports de cours",
    "spis treści", "lekcje", "rozdziały", "moduły", "program kursu", "harmonogram", "materiały", "plan kursu",
    "sumário", "conteúdo", "conteúdos", "lições", "aulas", "cronograma do curso", "materiais",
    "indice", "sommario", "contenuti", "lezioni", "capitoli", "moduli", "programma", "programma del corso",
    "calendario delle lezioni", "materiali",
    "目录", "目次", "摘要", "总结", "课程目录", "课程大纲", "课程内容", "内容", "章节", "课程表", "教学大纲",
}  # fmt: skip
_DECORATION = re.compile(r"^[^\w]+|[^\w]+$")


def is_contents_title(title: str) -> bool:
    """Tell whether a heading says no more than that a table of contents follows."""
    return _DECORATION.sub("", title).casefold() in _TITLES
