"""What a heading or label announces of a lesson's design: goals, key points, questions, prerequisites.

In English, Ukrainian, Russian, Spanish, German, French, Polish, Portuguese, Italian and Chinese. The lists are
alternatives of regular expressions, matched without regard to case against a whole heading; they hold words of the
languages, never a course's own.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from functools import lru_cache

# What "of this lesson" may stand behind a word as.
_OF_LESSON = (
    r"(?: (?:of|for|in) (?:the |this |our |each |today['’]s )?(?:lesson|unit|chapter|module|course|session|tutorial|workshop|class|lecture|episode|section|week|day|lab|project|training)| (?:цього |цієї )?(?:уроку|заняття|лекції|теми|курсу|модуля|розділу|роботи|тижня)|"
    r" (?:урока|занятия|лекции|темы|курса|модуля|раздела|работы)|"
    r" (?:de (?:la|esta|cette|cet|ce|l['’])|del|de l['’]|du|da|do|desta|deste|della|dell['’]|di questa|di questo|de este) ?\w+|"
    r" (?:der|dieser|des|dieses|für die|für diese) \w+| (?:lekcji|zajęć|kursu|modułu|rozdziału|tematu|wykładu))?"
)


def _join_alternatives(*parts: str) -> str:
    return "|".join(parts)


_GOALS = _join_alternatives(
    r"(?:(?:the|key|main|intended|specific|general|expected|student|lesson|course|module|unit|chapter|session|learning|teaching|"
    r"instructional|aims and|goals and|learner) )*(?:objectives?|goals?|aims?|learning outcomes?|outcomes)"
    r"(?: (?:and|&) (?:learning )?(?:objectives?|outcomes?|goals?))?",
    r"(?:what )?(?:you|we|students|learners)(?:['’]ll| will| are going to) (?:be able to(?: do)?|learn|know)(?: how to| about| to)?",
    r"(?:skills|competenc(?:y|ies)) you(?:['’]ll| will) (?:gain|learn)",
    r"(?:навчальна |головна |основна )?мета(?: (?:й|і|та) (?:завдання|цілі))?|(?:навчальні |основні )?цілі(?: навчання)?|"
    r"(?:очікувані|навчальні|програмні) результати(?: навчання)?|результати навчання|(?:що|чого) (?:ви|ми|учні|студенти) "
    r"(?:дізнаєтес[ья]|навчитес[ья]|зможете|вивчите|вивчимо|навчимося|дізнаємося|навчаться)(?: робити)?|ви (?:навчитес[ья]|дізнаєтес[ья]|зможете)",
    r"(?:учебная |основная )?цель|(?:учебные |основные )?цели(?: обучения)?|ожидаемые результаты(?: обучения)?|результаты обучения|"
    r"(?:что|чему) (?:вы|мы) (?:узнаете|научитесь|изучите|узнаем|научимся)|вы (?:узнаете|научитесь|сможете)",
    r"objetivos?(?: (?:de aprendizaje|de aprendizagem|generales?|específicos?|didácticos?|pedagógicos?|gerais|geral|principal(?:es)?|"
    r"principais|educativos?|y competencias))*|metas(?: de (?:aprendizaje|aprendizagem))?|"
    r"resultados (?:de (?:aprendizaje|aprendizagem)|esperados)|(?:lo )?que (?:vas|vamos|van) a aprender|(?:lo )?que aprender(?:ás|emos|án)|"
    r"qué (?:vas|vamos) a aprender|qué aprender(?:ás|emos|án)|aprenderás(?: a)?",
    r"o que (?:você |vocês |nós )?(?:vai|vão|vamos|irá|irão) aprender|o que aprender(?:á|emos)|você (?:vai|irá) aprender",
    r"(?:lern|grob|fein|teil|kurs|stunden|unterrichts|bildungs)?ziele?|lernergebnisse|zielsetzung(?:en)?|"
    r"(?:was|das) (?:werden )?(?:sie|du|ihr|wir) (?:hier )?(?:lernen|lernst|lernt|können|kannst)(?: werden)?|das (?:lernen|lernst|lernt|können) (?:sie|du|ihr|wir)(?: hier)?",
    r"objectifs?(?: (?:pédagogiques?|d['’]apprentissage|généraux|général|spécifiques?|visés|de formation))*|acquis d['’]apprentissage|"
    r"compétences visées|ce que vous (?:allez apprendre|apprendrez|saurez)|vous (?:allez apprendre|apprendrez)",
    r"cele?(?: (?:kształcenia|nauczania|uczenia się|edukacyjne|szczegółowe|ogólne|ogólny|główny|główne|operacyjne))*|"
    r"efekty (?:uczenia się|kształcenia)|czego (?:się )?(?:nauczysz|nauczymy|dowiesz|nauczą)(?: się)?|(?:uczeń|student)(?: (?:potrafi|umie|będzie umiał))?|"
    r"cele?(?: \w+)? [–—-] (?:uczeń|uczniowie|student|studenci).{0,20}",
    r"obiettiv[oi](?: (?:formativ[oi]|didattic[oi]|di apprendimento|specific[oi]|general[ei]|principal[ei]))*|"
    r"risultati (?:di apprendimento|attesi)|(?:che )?cosa (?:imparerai|imparerete|impareremo)|imparerai(?: a)?",
    r"(?:本[课章节单元讲]的?|课程|教学|学习|课堂|单元)*(?:目标|目的)|(?:学习|预期)(?:成果|结果)|(?:在)?(?:本[课章节]中?，?)?你(?:将会?|会)?学[到会习](?:什么|的内容)?",
)
_KEY_POINTS = _join_alternatives(
    r"(?:the )?(?:key|main|important) (?:points?|takeaways?|ideas|facts|messages|lessons)|take[- ]?aways?|take[- ]home (?:points?|messages?)|"
    r"points to remember|(?:things|what) to remember|remember|in a nutshell|what (?:you|we)(?:['’]ve| have)? (?:just )?learned",
    r"(?:ключові|головні|основні) (?:моменти|тези|думки|положення|висновки|ідеї|пункти)|(?:най)?головне|запам['’ʼ]ятайте|"
    r"(?:що )?(?:варто|треба|слід) запам['’ʼ]ятати",
    r"(?:ключевые|главные|основные) (?:моменты|тезисы|мысли|положения|выводы|идеи)|главное|запомните|(?:что )?(?:нужно|важно) запомнить",
    r"(?:ideas|puntos|mensajes) (?:clave|principales|importantes)|puntos a recordar|recuerda|recuerde|para recordar|lo (?:más )?importante|lo esencial",
    r"das wichtigste(?: in kürze| im überblick)?|kern(?:punkte|aussagen|botschaften)|merksätze?|merke|zum merken|auf einen blick|"
    r"wichtige (?:punkte|erkenntnisse)|das nehmen (?:sie|wir) mit",
    r"(?:les )?points? (?:clés?|essentiels?|importants?)|à retenir|l['’]essentiel|ce qu['’]il faut retenir|idées clés|messages clés",
    r"najważniejsze(?: (?:informacje|punkty|wnioski))?|kluczowe (?:punkty|informacje|wnioski)|zapamiętaj|(?:warto|do) zapamiętani?a?ć?|w pigułce",
    r"(?:pontos|ideias|mensagens)[- ](?:chave|principais|importantes)|para lembrar|lembre-se|principais (?:pontos|conclusões|aprendizados)",
    r"(?:punti|idee|messaggi) (?:chiave|principali|importanti)|da ricordare|ricorda|in breve",
    r"(?:本[课章节])?(?:核心|关键|知识)?要点(?:回顾|总结)?|重点|关键点|划重点",
)
# A summary in sentences repeats the text; only its list is a list of key points.
_SUMMARIES = _join_alternatives(
    r"(?:lesson |chapter |section |quick )?(?:summary|recap)|in summary|summing up|to sum up",
    r"(?:короткий )?підсум(?:ок|ки)|висновк[иа]|резюме|узагальнення|повторення|итоги?|вывод(?:ы)?",
    r"resumen|en resumen|conclusi[oó]n(?:es)?|síntesis|recapitulación|resumo|em resumo|conclus(?:ão|ões)|recapitulação",
    r"zusammenfassung|fazit|kurz zusammengefasst|résumé|en résumé|en bref|conclusions?|synthèse|récapitulatif|bilan",
    r"podsumowanie|wnioski|streszczenie|riepilogo|riassunto|in sintesi|sintesi|conclusion[ei]",
    r"(?:本[课章节]|课堂)?(?:小结|总结)|回顾",
)
_LEADING_QUESTIONS = _join_alternatives(
    r"(?:key|guiding|essential|driving|leading|overarching|big|focus) questions?|questions (?:answered|to answer)|"
    r"(?:ключові|основні|провідні|проблемні) (?:питання|запитання)|(?:ключевые|основные|проблемные) вопросы",
    r"preguntas (?:clave|guía|esenciales|orientadoras)|perguntas[- ](?:chave|norteadoras|orientadoras|essenciais)|questões[- ](?:chave|norteadoras)",
    r"leitfragen?|kernfragen?|questions (?:clés?|directrices|essentielles)|problématiques?|pytania (?:kluczowe|przewodnie)|"
    r"domande (?:guida|chiave)|(?:核心|关键|导学|引导)问题",
)
_QUESTIONS = r"questions?|питання|запитання|вопросы|preguntas|perguntas|questões|fragen|pytania|domande|问题"
_PREREQUISITES = _join_alternatives(
    r"(?:\w+ )?pre-?requisites?(?: (?:knowledge|skills))?|before (?:you|we) (?:begin|start|get started)|"
    r"what (?:do )?you(?:['’]ll| will| should)?(?: already)? need to know|what you should (?:already )?know|you should (?:already )?know|"
    r"(?:required|assumed|prior|previous|background|prerequisite) (?:knowledge|skills|experience)",
    r"передумови|попередні (?:знання|вимоги|умови)|(?:що|які знання) (?:потрібн[оі]|треба|слід|варто|необхідно)(?: знати| вміти)?(?: (?:заздалегідь|перед|до) ?.{0,30})?|"
    r"необхідні (?:знання|навички)|вимоги до (?:знань|слухачів|учасників|студентів)|перед початком(?: роботи)?",
    r"предварительные (?:требования|знания)|что нужно знать|необходимые (?:знания|навыки)|перед началом",
    r"(?:requisitos|conocimientos|saberes) previos|prerrequisitos?|pre-?requisitos?|conocimientos (?:necesarios|requeridos)|"
    r"antes de (?:empezar|comenzar|começar|iniciar)|lo que (?:debes|necesitas|hay que) saber|qué (?:debes|necesitas) saber",
    r"pré-requisitos?|conhecimentos (?:prévios|necessários)|o que (?:você )?precisa saber",
    r"(?:lern|teilnahme)?voraussetzung(?:en)?|vorkenntnisse|vorwissen|(?:benötigte|erforderliche) (?:vor)?kenntnisse|"
    r"bevor (?:sie|du|wir|ihr) (?:beginnen|beginnst|anfangen|anfängst|starten|loslegen)|was (?:sie|du) (?:wissen|können) (?:müssen|sollten|musst|solltest)|"
    r"das (?:sollten sie|solltest du|müssen sie|musst du) (?:schon |bereits )?(?:können|wissen|kennen)",
    r"pr[ée]-?requis|connaissances (?:préalables|requises|nécessaires)|avant de commencer|ce qu['’]il faut savoir",
    r"wymagania wstępne|wymagana wiedza|wiedza wstępna|wymagane (?:umiejętności|wiadomości)|zanim zaczniesz|przed rozpoczęciem|co (?:musisz|trzeba|należy) wiedzieć",
    r"pre-?requisit[oi]|conoscenze (?:preliminari|richieste|necessarie|pregresse|di base)|prima di (?:iniziare|cominciare)|"
    r"(?:che )?cosa (?:devi|serve|bisogna) sapere",
    r"(?:预备|前置|先修|先备|必备|背景)(?:知识|课程|要求|技能|条件)|先修要求|学习前提|前提条件|开始之前",
)

# What plans of lessons have for the teacher: nothing that is taught.
_STANDING_HEADINGS = _join_alternatives(
    r"(?:teacher(?:['’]?s)?|instructor(?:['’]?s)?) (?:notes?|guide|background)|notes (?:for|to) (?:the )?(?:teachers?|instructors?)|standards? (?:addressed|alignment|covered)|"
    r"(?:accommodations?|modifications?|differentiation|extensions?)(?:(?: and |, | & |/)(?:accommodations?|modifications?|differentiation|extensions?))*|"
    r"(?:required |assessment )?checkpoints?|(?:materials|supplies|equipment)(?: (?:needed|required|list))?|(?:grading|assessment|scoring) (?:rubric|criteria|scheme)|rubric|"
    r"(?:formative |summative )?assessment|grading|teacher preparation|attendance|warm[- ]?up",
    r"(?:тип|вид|форма|форми|методи) (?:уроку|заняття|роботи|навчання)|обладнання|матеріали(?: та обладнання)?|оцінювання|критерії оцінювання|рефлексія|"
    r"(?:нотатки|примітки|поради|рекомендації) (?:для )?(?:вчителя|викладача|вчителів|викладачів)|організаційний момент|оборудование|критерии оценки|заметки для учителя",
    r"materiales(?: necesarios)?|recursos didácticos|evaluación|criterios de evaluación|notas para el (?:docente|profesor\w*)|atención a la diversidad|adaptaciones",
    r"materiali?e?n?|benötigtes material|bewertung(?:skriterien)?|(?:hinweise|anmerkungen) für (?:die )?(?:lehrkräfte|lehrperson\w*|lehrer\w*)|differenzierung|sozialform",
    r"matériel(?: nécessaire)?|évaluation|critères d['’]évaluation|notes (?:pour|à) l['’]enseignante?|différenciation",
    r"środki dydaktyczne|pomoce dydaktyczne|metody (?:pracy|nauczania)|formy pracy|ocenianie|kryteria oceniania|uwagi dla nauczyciel\w+",
    r"materiais(?: necessários)?|recursos didáticos|avaliação|critérios de avaliação|notas (?:para o|ao) professor",
    r"materiali(?: necessari)?|valutazione|criteri di valutazione|note per (?:l['’])?insegnanti?e?|"
    r"教学准备|教学方法|教具|教学反思|评价标准|板书设计|教学评价|教师备注",
)


class Purpose(Enum):
    """What a passage of a lesson's materials is for in its design."""

    GOALS = auto()
    KEY_POINTS = auto()
    SUMMARY = auto()
    LEADING_QUESTIONS = auto()
    QUESTIONS = auto()
    PREREQUISITES = auto()


_PATTERNS = {
    purpose: re.compile(rf"(?:{words}){_OF_LESSON}", re.IGNORECASE)
    for purpose, words in (
        (Purpose.PREREQUISITES, _PREREQUISITES),
        (Purpose.LEADING_QUESTIONS, _LEADING_QUESTIONS),
        (Purpose.QUESTIONS, _QUESTIONS),
        (Purpose.KEY_POINTS, _KEY_POINTS),
        (Purpose.SUMMARY, _SUMMARIES),
        (Purpose.GOALS, _GOALS),
    )
}
_STANDING = re.compile(rf"(?:{_STANDING_HEADINGS})", re.IGNORECASE)
_NUMBERING = re.compile(r"^(?:[一二三四五六七八九十]{1,3}[、.．]\s*|[ivxіх]{1,4}[.)]\s+|[\W\d_]+)", re.IGNORECASE)
# In characters. The longest forms have some 60 with "of this lesson" behind them.
_MAX_LABEL_LENGTH = 90
_LABEL = re.compile(rf"^\W*(?P<label>[^:：\n]{{2,{_MAX_LABEL_LENGTH}}}?)\s*[:：]\s*(?P<rest>.*)$", re.DOTALL)


# Asked for the same headings by statements and topics, and headings such as "Summary" come again in every lesson.
@lru_cache(maxsize=8192)
def classify_heading(heading: str) -> Purpose | None:
    """Return what a heading announces, whatever numbers and icons stand around its words; None for all others."""
    if len(heading) > _MAX_LABEL_LENGTH:
        return None
    text = _strip_marks(heading)
    return next((purpose for purpose, pattern in _PATTERNS.items() if pattern.fullmatch(text)), None)


def is_standing_heading(heading: str) -> bool:
    """Tell whether a heading is one that plans have for the teacher, such as "Materials needed"."""
    return _STANDING.fullmatch(_strip_marks(heading)) is not None


def _strip_marks(heading: str) -> str:
    return _NUMBERING.sub("", " ".join(heading.split())).rstrip(" .:：…—–-?？!")


def split_label(text: str) -> tuple[Purpose | None, str]:
    """Return what the label at the beginning of a paragraph announces, and the text behind its colon.

    None and the whole text without such a label. The text is blank when the label announces the list below it.
    """
    found = _LABEL.match(text)
    purpose = classify_heading(found["label"]) if found is not None else None
    return (purpose, found["rest"].strip()) if found is not None and purpose is not None else (None, text)
