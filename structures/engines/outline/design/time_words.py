"""Words around durations: labels, heads of columns, sections that plan the time, rows with a total."""

from __future__ import annotations

import re

# As "Duration: 45 min"; the duration must stand right behind.
LABELS = (
    r"(?:(?:estimated|approximate|expected|total|teaching|lesson|class|session|course|study|running|lab|required)\s){0,2}(?:time|duration|length|timing)"
    r"(?: (?:required|needed|to complete|estimate))?|"
    r"(?:орієнтовн\w+|приблизн\w+|загальн\w+|очікуван\w+)?\s?(?:тривалість|час)(?: (?:уроку|заняття|лекції|виконання|роботи|на виконання))?|"
    r"(?:ориентировочн\w+|примерн\w+|общ\w+)?\s?(?:продолжительность|длительность|время)(?: (?:урока|занятия|лекции|выполнения|работы))?|"
    r"(?:duración|tiempo)(?: (?:estimad[oa]|aproximad[oa]|total|prevista?|de la (?:clase|sesión|lección)))?|"
    r"(?:gesamt|bearbeitungs|unterrichts)?(?:dauer|zeitbedarf|zeitaufwand|zeitrahmen|zeit)|"
    r"(?:durée|temps)(?: (?:estimée?|totale?|prévue?|approximative|nécessaire|de la séance))?|"
    r"(?:szacowan\w+ |przewidywan\w+ |orientacyjn\w+ )?czas(?: (?:trwania|realizacji|zajęć|lekcji|pracy))?|"
    r"(?:duração|tempo)(?: (?:estimad[oa]|aproximad[oa]|total|previst[oa]))?|"
    r"(?:durata|tempo)(?: (?:stimat[oa]|totale|previst[oa]|richiesto))?|"
    r"(?:预计|建议|总|学习|课程|教学|上课)?(?:时长|用时|时间|课时)"
)
# A sentence on the lesson itself, with the duration right behind its verb.
VERBS = (
    r"(?:lesson|unit|chapter|module|session|tutorial|workshop|class|lecture|lab|course)s? (?:takes|take|will take|should take|lasts|is)(?: you)?|"
    r"(?:урок|заняття|лекція|курс|модуль) (?:триває|триватиме|займає|займе|розрахован\w+ на)|(?:урок|занятие|лекция|курс) (?:длится|займёт|займет|рассчитан\w* на)|"
    r"(?:lección|clase|sesión|curso|taller|aula|oficina) (?:dura|durará|tiene una duración de|tem duração de)|"
    r"(?:lektion|stunde|einheit|vorlesung|sitzung|kurs|modul) (?:dauert|umfasst)|(?:leçon|séance|cours|module|atelier) (?:dure|durera|prend)|"
    r"(?:lekcja|zajęcia|wykład|kurs|moduł) (?:trwa|trwają|zajmuje|zajmie)|(?:lezione|corso|modulo|laboratorio) dura|本[课节](?:程)?(?:需要?|时长|用时|约)"
)
# What may stand between a label and its duration.
ABOUT = (
    r"about|around|approx(?:\.|imately)?|roughly|ca\.?|circa|etwa|ungefähr|rund|приблизно|близько|орієнтовно|примерно|около|unos|unas|"
    r"alrededor de|aproximadamente|environ|około|ok\.|mniej więcej|cerca de|circa|大约|约|~|≈|≃"
)
# The head of a column with durations. What is in brackets may be the unit.
COLUMNS = (
    r"(?:estimated |approx\.? )?(?:time|duration|minutes|mins?|length|timing)|тривалість|час|хвилин\w*|хв|время|длительность|минут\w*|tiempo|duración|"
    r"minutos|zeit|dauer|minuten|temps|durée|minutes|czas(?: trwania)?|minuty|tempo|duração|durata|minuti|时间|时长|分钟"
)
# Another column of such a table: what is done in that time.
ACTIVITIES = (
    r"activit(?:y|ies)|what|topics?|steps?|phases?|stages?|tasks?|content|agenda|session|part|item|section|lesson|description|"
    r"діяльність|вид(?: роботи| діяльності)?|етап\w*|зміст|тема|що|активність|крок|деятельность|содержание|этап|"
    r"actividad(?:es)?|contenidos?|fases?|etapas?|temas?|aktivität(?:en)?|inhalte?|phase|schritt|was|activités?|contenus?|étapes?|thèmes?|"
    r"czynnoś\w+|temat|etap|treści?|przebieg|atividades?|conteúdos?|attività|contenut[oi]|fase|argoment[oi]|活动|内容|环节|步骤|主题|教学环节"
)
# A section that plans the time of its lesson.
PLANS = (
    r"pacing(?: guide)?|timing|time ?line|time ?table|(?:lesson |class |daily |session )?(?:schedule|agenda|plan)|time (?:plan|breakdown)|"
    r"план(?: уроку| заняття| лекції)?|розклад|хід (?:уроку|заняття)|таймінг|план (?:урока|занятия)|ход (?:урока|занятия)|тайминг|"
    r"cronograma|horario|temporali?[zs]ación|programación|zeitplan|(?:unterrichts|stunden)?(?:ablauf|verlauf)(?:splan)?|agenda|"
    r"programme|déroulement|déroulé|planning|plan (?:zajęć|lekcji)|harmonogram|przebieg (?:lekcji|zajęć)|horário|roteiro|"
    r"orario|programma|scaletta|tempistica|(?:时间|教学|课时|课程)(?:安排|分配|计划)|教学过程|日程"
)
TOTALS = r"total\w*|sum|altogether|всього|усього|разом|загалом|итого|всего|suma|gesamt\w*|summe|somme|razem|łącznie|totale|soma|合计|总计"

LABEL = re.compile(
    rf"(?<!\w)(?<!reading )(?:[⏱⏲⏰⌛⏳🕐-🕧]\ufe0f?|(?:{LABELS})(?: [^\W\d_]{{3,}}){{0,2}}\s*(?:[:：=|]|[–—-](?=\s))|(?:{VERBS})(?!\w))\s*(?:(?:{ABOUT})\s*)?(?=[\d½¼¾]|\w)",
    re.IGNORECASE,
)
COLUMN = re.compile(rf"\W*(?:{COLUMNS})\s*(?:[,(\[].{{0,20}})?\W*", re.IGNORECASE)
MINUTES_COLUMN = re.compile(r".*(?:min|хв|мин|分)", re.IGNORECASE)
ACTIVITY_COLUMN = re.compile(rf"\W*(?:{ACTIVITIES})\b.{{0,20}}", re.IGNORECASE)
PLAN = re.compile(rf"[\W\d]*(?:{PLANS})\W*", re.IGNORECASE)
TOTAL = re.compile(rf"\W*(?:{TOTALS})\b", re.IGNORECASE)
# A plan with days is that of a course or a week.
DAY = re.compile(
    r"(?<!\w)(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|понеділ\w+|вівтор\w+|серед[аиу]|четвер\w*|п['’]ятниц\w|субот\w|неділ\w|"
    r"понедельник|вторник|среда|четверг|пятница|lunes|martes|miércoles|jueves|viernes|(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch|"
    r"lundi|mardi|mercredi|jeudi|vendredi|samedi|poniedziałek|wtorek|środa|czwartek|piątek|segunda-feira|terça-feira|quarta-feira|"
    r"quinta-feira|sexta-feira|lunedì|martedì|mercoledì|giovedì|venerdì|sabato)(?!\w)|(?:星期|周)[一二三四五六日天]",
    re.IGNORECASE,
)
# Fields of a front matter, in the forms of their keys without marks and accents lost to ASCII.
_FIELDS = (
    r"duration|time|length|minutes|estimated (?:time|duration|minutes|length)|(?:total|completion|study|lesson|class) time|time (?:required|estimate|needed)|"
    r"timerequired|estimatedtime|estimatedminutes|тривалість|час|длительность|продолжительность|время|duraci[oó]n|tiempo(?: estimado)?|dauer|zeit(?:bedarf|aufwand)?|"
    r"dur[eé]e|temps|czas(?: trwania)?|dura[cç][aã]o|tempo(?: estimado| stimato)?|durata|时长|时间|课时"
)
FIELD = re.compile(_FIELDS, re.IGNORECASE)
# The Carpentries state two numbers of minutes, to be added up.
ADDED_FIELDS = ("teaching", "exercises")
