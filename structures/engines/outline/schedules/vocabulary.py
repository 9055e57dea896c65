"""Words by which a schedule is told from what only looks like one, in the languages of the product."""

from __future__ import annotations

import re

from structures.engines.outline import words

# What a document, or the heading above the lessons, is called that says how a course is arranged.
_SCHEDULE = words.compile_search(
    r"syllabus|syllabi|curriculum|programmes?|schedule|timetable|calendar|agenda|contents|course outline|outline|"
    r"course plan|semester plan|term plan|scheme of work|lesson plans?|session plans?|"
    r"overview of (?:the )?(?:sessions|lessons|course)|"
    r"course structure|course overview|what we will cover|topics covered|roadmap|about (?:the|this) course|"
    r"силабус|програма|робоча програма|розклад|календар(?:ний)?|план|зміст|структура курсу|тематичний план|"
    r"теми занять|перелік тем|"
    r"программа|расписание|содержание|план занятий|"
    r"programa|temario|calendario|cronograma|planificación|plan de (?:clases|estudios)|contenidos?|índice|itinerario|"
    r"lehrplan|kursplan|ablauf\w*|semesterplan|stundenplan|zeitplan|terminplan|programm|kursprogramm|"
    r"inhalts?(?:verzeichnis|übersicht)?|übersicht|themenplan|"
    r"programme|déroul(?:é|ement)|calendrier|plan (?:du|de) cours|sommaire|progression|"
    r"program|plan zajęć|harmonogram|sylabus|rozkład|spis treści|plan kursu|plan|"
    r"plano|plano de (?:aulas|ensino|curso)|ementa|conteúdos?|sumário|planejamento|planeamento|"
    r"programma|calendario|piano (?:delle lezioni|del corso)|indice|scaletta|"
    r"大纲|安排|课程表|课表|日程|目录|计划|进度"
)
# What is no arrangement, whatever it lists: terms, sources, tasks and questions, marks, what was taught already.
_OTHER = words.compile_search(
    r"glossary|terms|vocabulary|definitions|further reading|recommended reading|reading list|references|"
    r"bibliography|sources|"
    r"summary|summaries|recap|review|key points|takeaways|test bank|question bank|quiz(?:zes)?|exam(?:s|"
    r"ination)?|tests?|questions?|exercises?|"
    r"assignments?|homework|assessment|grading|grades|policies|policy|rules|faq|index of terms|credits|"
    r"prerequisites|objectives|outcomes|learning goals|"
    r"глосарій|терміни|словник|список літератури|література|джерела|підсум(?:ок|ки)|повторення|тести|питання|"
    r"запитання|завдання|оцінювання|вимоги|"
    r"глоссарий|словарь|литература|источники|итоги|вопросы|задания|оценивание|"
    r"glosario|bibliografía|lecturas (?:recomendadas|complementarias)|resumen|preguntas|examen|cuestionario|"
    r"evaluación|tareas|objetivos|"
    r"glossar|literatur(?:verzeichnis|hinweise)?|quellen|zusammenfassung|fragen|fragenkatalog|prüfung\w*|"
    r"aufgaben|bewertung|lernziele|"
    r"glossaire|bibliographie|lectures complémentaires|résumé|révisions?|questions|évaluation|exercices|objectifs|"
    r"słownik|słowniczek|literatura|bibliografia|podsumowanie|pytania|sprawdzian|zaliczenie|ocenianie|zadania|cele|"
    r"glossário|resumo|leituras|perguntas|avaliação|exercícios|objetivos|"
    r"glossario|letture|riassunto|riepilogo|domande|valutazione|esercizi|obiettivi|"
    r"术语|词汇表|参考文献|参考书目|推荐阅读|总结|小结|复习|题库|试题|问题|作业|评分|考核"
)
# Heads of columns of tables that are none of lessons.
_OTHER_HEAD = words.compile_search(
    r"definition|meaning|explanation|term|question|answer|points|weight|score|grade|author|year|publisher|isbn|"
    r"price|cost|translation|"
    r"визначення|значення|термін|запитання|питання|відповідь|бал(?:и|ів)?|автор|рік|видавництво|переклад|"
    r"definición|significado|término|pregunta|respuesta|puntos|autor|año|traducción|"
    r"bedeutung|begriff|frage|antwort|punkte|verfasser|jahr|übersetzung|"
    r"définition|signification|terme|question|réponse|points|auteur|année|traduction|"
    r"definicja|znaczenie|pojęcie|pytanie|odpowiedź|punkty|rok|tłumaczenie|"
    r"definição|termo|pergunta|resposta|pontos|ano|tradução|"
    r"definizione|significato|termine|domanda|risposta|punti|autore|anno|traduzione|"
    r"定义|含义|术语|问题|答案|分数|作者|年份|翻译"
)
# Rows of a schedule on which nothing is taught.
_BREAK = words.compile_search(
    r"no (?:class|classes|lesson|lessons|meeting|session|lecture)|half[- ]?term|holidays?|vacation|reading week|"
    r"break|bank holiday|"
    r"exams?|final exam|examination|"
    r"канікули|свято|вихідний|немає занят\w*|залік|іспит|екзамен|каникулы|зачёт|экзамен|"
    r"vacaciones|festivo|sin clase|examen(?: final)?|ferien|feiertag|keine (?:vorlesung|sitzung|stunde)|"
    r"entfällt|prüfung|klausur|"
    r"vacances|férié|pas de cours|ferie|dni wolne|święto|przerwa|egzamin|zaliczenie|férias|feriado|sem aula|prova|"
    r"vacanze|festa|esame|假期|放假|考试|期末考试"
)
# Cells that say when, not what: nothing else is looked for in them.
_MAX_BREAK_WORDS = 6


def is_schedule_name(text: str) -> bool:
    """Tell whether a name or title says that it is about the arrangement of a course."""
    return _SCHEDULE.search(text) is not None


def is_other_list(text: str) -> bool:
    """Tell whether a name or title is one of a list of something else: terms, sources, questions, marks."""
    return _OTHER.search(text) is not None


def is_other_column(head: str) -> bool:
    """Tell whether the head of a column says that its table is none of lessons."""
    return _OTHER_HEAD.search(head) is not None


def is_break(text: str) -> bool:
    """Tell whether a row says that nothing is taught, such as `Half-term, no class`."""
    return len(text.split()) <= _MAX_BREAK_WORDS and _BREAK.search(text) is not None


# Numbers in words beside a word for a division ("Part one", "in the first session"), up to ten: by the beginnings that
# their forms have.
_NUMBER_WORDS = (
    r"one|first|перш\w*|один|перв\w*|primer\w*|erste\w*|eins|premi[eè]re?s?|pierwsz\w*|primeir\w*|prim[ao]",
    r"two|second|друг\w*|два|втор\w*|segund\w*|dos|zweite\w*|zwei|deuxième|seconde?|deux|drug\w*|dois|second[ao]|due",
    r"three|third|трет\w*|три|tercer\w*|tres|dritte\w*|drei|troisième|trois|trzeci\w*|terceir\w*|três|terz[ao]|tre",
    r"four|fourth|четверт\w*|чотири|четвёрт\w*|cuart\w*|cuatro|vierte\w*|vier|quatrième|quatre|czwart\w*|"
    r"quart[ao]|quatro|quattro",
    r"five|fifth|п['’ʼ]?ят\w*|пять|quint\w*|cinco|fünfte\w*|fünf|cinquième|cinq|piąt\w*|cinque",
    r"six|sixth|шост\w*|шість|шест\w*|sext\w*|seis|sechste\w*|sechs|sixième|szóst\w*|sest[ao]|sei",
    r"seven|seventh|сьом\w*|сім|седьм\w*|séptim\w*|siete|siebte\w*|sieben|septième|sept|siódm\w*|sétim\w*|sete|"
    r"settim[ao]|sette",
    r"eight|eighth|восьм\w*|вісім|octav\w*|ocho|achte\w*|acht|huitième|huit|ósm\w*|oitav\w*|oito|ottav[ao]|otto",
    r"nine|ninth|дев['’ʼ]?ят\w*|девят\w*|noven\w*|nueve|neunte\w*|neun|neuvième|neuf|dziewiąt\w*|non[ao]|nove",
    r"ten|tenth|десят\w*|décim\w*|diez|zehnte\w*|zehn|dixième|dix|dziesiąt\w*|dez|decim[ao]|dieci",
)
_NUMBERS = tuple(words.compile_full_match(each) for each in _NUMBER_WORDS)
ANY_NUMBER_WORD = "|".join(_NUMBER_WORDS)


def parse_number_word(word: str) -> int | None:
    """Return the number that a word is, from 1 to 10; None for other words."""
    return next((number for number, each in enumerate(_NUMBERS, start=1) if each.fullmatch(word)), None)


SENTENCE_END = re.compile(r"(?<=[.!?…。;；])\s+|(?<=[。；])|\s*[;；]\s*")
