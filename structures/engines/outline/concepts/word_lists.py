"""Words by which terms, glossaries and statements are told apart, in the languages of the product.

Sets of words, or alternatives of one regular expression, matched without regard to case. They hold words of the
language, never a course's own names: a word that helps one course alone is a wrong word.
"""

from __future__ import annotations

# What begins a clause or a phrase, not a term: articles, conjunctions, numbers.
CLAUSE_WORDS = frozenset(
    "a an and another any are both but each either every few for how if into just let many me more most no nobody "
    "none not nothing now of one only or other so some somebody something such the then to together today well "
    "when where while whose why with without first second third two three four five six seven eight nine ten next last "
    "everything anyone anything та що як де коли чому хто тут там зараз сьогодні все всі кожен усі якщо або але отже потім наприклад увага "
    "что как где когда почему кто здесь там сейчас das dies diese dieser es was wie wo warum wer hier dort "
    "ce cela cette ces je que qui quoi où pourquoi comment ici este esta estos él ella ellos usted yo qué cómo dónde cuándo aquí "
    "ten ta te ja co jak gdzie kiedy dlaczego kto tutaj "
    "на у в при за під над до від для з із без про між через після перед на в при за под над до от для с из без про между через после перед "
    "para con sin sobre entre desde hasta mit ohne für von zum zur beim pour avec sans dans chez vers na w przy za pod nad do od dla z bez przez po przed com sem per con senza "
    "once because although though since until whenever wherever also even only instead perhaps maybe sometimes often usually always never again however "
    "therefore thus hence still yet just please sure okay yes like unlike under over before after during through within without as at by in on from to "
    "because коли якщо хоча тому також навіть тільки іноді часто завжди когда если хотя поэтому также даже только иногда часто всегда "
    "cuando si aunque también solo siempre porque wenn weil obwohl auch nur immer quand si bien aussi seulement toujours "
    "gdy jeśli choć także tylko zawsze quando embora também sempre se anche sempre perché".split()
)
# Wherever one of these stands, the words speak of something that was named before.
PRONOUNS = frozenset(
    "it you we they he she this that these those there here your our their my its his her them what which who one ones someone everyone "
    "це цей ця ці він вона воно вони ми ви я ваш ваша ваше ваші наш наша наше наші их его её вы мы они "
    "esto eso ello nosotros ustedes tú vosotros wir ihr ich sie nous vous ils elles ty wy oni nós vocês eles elas noi voi loro".split()
)
# Nouns of talking about anything. "The idea is a ..." has the form of a definition and defines nothing.
EVERYDAY_WORDS = frozenset(
    "type value answer example question reason point difference problem idea goal aim result key kind way part people thing things time place name number word "
    "case line code day world life work man woman fact side end rest page user users data information today everything anything solution approach advantage "
    "disadvantage downside downsides upside upsides benefit drawback feature option step task purpose point message version change course lesson chapter section book student students teacher file text output input "
    "answer reason goal aim next downside приклад результат мета завдання питання тема ідея проблема спосіб частина люди час місце назва число слово день рік сторінка курс урок розділ перевага різниця "
    "пример результат цель задание вопрос тема идея проблема способ часть люди время место название число слово день год страница курс урок раздел разница "
    "ejemplo objetivo problema idea resultado parte tiempo lugar nombre número palabra día año gente tema pregunta respuesta diferencia ventaja "
    "beispiel ziel problem idee ergebnis teil zeit ort name zahl wort tag jahr leute thema frage antwort unterschied vorteil aufgabe "
    "exemple but problème idée résultat partie temps lieu nom nombre mot jour année gens sujet question réponse différence avantage "
    "przykład cel problem pomysł wynik część czas miejsce nazwa liczba słowo dzień rok ludzie temat pytanie odpowiedź różnica "
    "exemplo objetivo tempo lugar nome número palavra dia ano pessoas pergunta resposta diferença vantagem "
    "esempio obiettivo problema idea risultato tempo luogo nome numero parola giorno anno persone domanda risposta differenza vantaggio".split()
)
# What no term ends with.
LAST_WORDS = frozenset("and or of the a an to in on for with by та і й або и или und oder et ou y o e i lub of".split())

# What is counted, as in "Figure 3", "Крок 1".
COUNTED = (
    r"fig(?:ure|\.)?|table|listing|example|step|tip|note|version|question|task|stage|phase|level|option|rule|page|slide|line|column|row|"
    r"рис(?:унок|\.)?|таблиц[яьіа]|приклад|пример|крок|шаг|порада|совет|питання|вопрос|етап|этап|рівень|уровень|правило|сторінка|страница|слайд|"
    r"abb(?:ildung|\.)?|tabelle|beispiel|schritt|tipp|frage|seite|folie|regel|stufe|"
    r"figura|tabla|ejemplo|paso|consejo|pregunta|página|regla|tableau|exemple|étape|conseil|"
    r"rys(?:unek|\.)?|tabela|przykład|krok|wskazówka|pytanie|strona|quadro|exemplo|passo|dica|pergunta|tabella|esempio|passaggio|domanda"
)

# What a program's user is told to do: a term has none of these words in front, since each is a verb only.
IMPERATIVES = (
    r"click|press|select|choose|open|enter|sign (?:up|in)|log in|download|install|run|create|add|remove|delete|write|read|make|use|try|go to|"
    r"check|find|get|set up|let|learn|do|don['’]t|avoid|ensure|keep|follow|see|save|move|copy|paste|drag|type in|"
    r"нат\w+|відкрийте|оберіть|виберіть|введіть|створіть|додайте|збережіть|нажмите|откройте|выберите|введите|создайте|добавьте|"
    r"\w+(?:йте|йтесь|йтеся|їть|іть|айте|ите)|haz|haga|pulse|abra|elija|klicken|drücken|öffnen sie|wählen|cliquez|appuyez|ouvrez|choisissez|kliknij|naciśnij|otwórz|wybierz|"
    r"clique|abra|escolha|fai clic|clicca|premi|apri|scegli|点击|单击|打开|选择|请"
)

# What an author writes in bold before a remark, and what each course has: no terms, whatever stands behind.
REMARKS = (
    r"warning|caution|attention|careful|aside|spoiler|bonus|extra(?: credit)?|due date|deadline|optional|reminder|fun fact|pro tip|info|todo|faq|"
    r"pros|cons|advantages?|disadvantages?|benefits?|drawbacks?|use cases?|purpose|usage|remarks?|duration|time|date|author|instructors?|speakers?|teachers?|"
    r"aim|key idea|main idea|bottom line|in short|why|how|what|where|when|who|question|answer|task|result|problem|solution|difference|"
    r"увага|важливо|порада|підказка|зауваження|переваги|недоліки|чому це важливо|результат|автор\w*|викладач|додатково|перевірте|"
    r"внимание|совет|подсказка|преимущества|недостатки|автор|achtung|wichtig|hinweis|tipp|vorteile|nachteile|dozent(?:in)?|autor|"
    r"importante|atención|nota|consejo|ventajas|desventajas|profesora?|autora?|attention|important|remarque|astuce|avantages|inconvénients|enseignante?|"
    r"uwaga|ważne|wskazówka|zalety|wady|prowadząc[ya]|atenção|dica|vantagens|attenzione|consiglio|vantaggi|svantaggi|docente|"
    r"注意|重要|提示|警告|教师|作者|老师|例如|例子|说明|目标|优点|缺点|备注|答案|问题"
)

# What announces a glossary.
GLOSSARY_TITLES = (
    r"(?:the )?(?:glossary(?: of .*)?|(?:key|important|new|basic|useful|essential) (?:terms?|terminology|vocabulary|definitions|words)(?: and .*)?|terms|terminology|"
    r"vocabulary|definitions|terms (?:and|&) definitions|list of terms|"
    r"глосарій(?: .*)?|словник(?: .*)?|словничок|терміни(?: .*)?|термінологія|(?:основні|ключові|нові|важливі) (?:терміни|поняття|визначення|слова)|визначення|поняття|"
    r"глоссарий(?: .*)?|словарь(?: .*)?|термины(?: .*)?|терминология|(?:основные|ключевые|новые) (?:термины|понятия|определения)|определения|"
    r"glosario(?: .*)?|términos(?: clave| importantes| básicos)?|vocabulario|terminología|definiciones|palabras clave|"
    r"glossar|begriffe|(?:fach|grund|schlüssel)begriffe|(?:wichtige|neue) begriffe|begriffserklärung(?:en)?|begriffsklärung|definitionen|terminologie|"
    r"glossaire|lexique|vocabulaire|termes(?: clés?| importants)?|terminologie|définitions|mots[- ]clés|"
    r"słownik(?: .*)?|słowniczek(?: .*)?|glosariusz|pojęcia|(?:kluczowe|podstawowe|ważne|nowe) (?:pojęcia|terminy)|terminy|definicje|terminologia|"
    r"glossário|termos(?:[- ]chave)?|vocabulário|definições|palavras[- ]chave|"
    r"glossario|termini(?: chiave)?|vocabolario|definizioni|lessico|parole chiave|"
    r"术语表?|术语解释|词汇表?|关键术语|名词解释|重要术语|生词表?|术语与定义|定义)"
)

# The heads of the columns of a glossary's table.
TERM_COLUMNS = (
    r"(?:key )?(?:terms?|words?|concepts?|vocabulary|notion|expression|abbreviation|acronym)|термін|поняття|слово|термин|понятие|término|concepto|palabra|"
    r"(?:fach)?begriff|wort|terme|concept|mot|termin|pojęcie|hasło|słowo|termo|conceito|palavra|termine|concetto|parola|术语|概念|名词|词汇|词语"
)

MEANING_COLUMNS = (
    r"(?:meaning|definition|explanation|description|what it (?:means|is)|in plain (?:words|english))|значення|визначення|пояснення|опис|значение|определение|пояснение|"
    r"объяснение|описание|significado|definición|explicación|descripción|bedeutung|definition|erklärung|beschreibung|signification|définition|explication|sens|"
    r"znaczenie|definicja|objaśnienie|wyjaśnienie|opis|definição|explicação|descrição|significato|definizione|spiegazione|descrizione|含义|定义|解释|意思|意义|说明"
)

# What stands before a meaning, with a colon.
MEANING_LABELS = (
    r"(?:definition|meaning|explanation|визначення|значення|пояснення|определение|значение|definición|significado|bedeutung|erklärung|définition|"
    r"signification|definicja|znaczenie|definição|definizione|significato|定义|解释|含义)\s*[:：]\s*"
)

# What is said of actions and fields only, and says what they are.
ACTIONS = (
    r"\b(?:(?:act|process|practice|technique|art|science|study|ability|branch|procedure|discipline|method) of|процес|сукупність|процесс|совокупность|"
    r"(?:proceso|conjunto|técnica|capacidad) de|(?:Prozess|Vorgang|Verfahren|Gesamtheit)|(?:processus|ensemble|technique|capacité) d|proces|zbiór|"
    r"(?:processo|conjunto|técnica|capacidade) de|(?:processo|insieme|tecnica|capacità) d)"
)

# A person, as in "Ada Lovelace is a mathematician": nobody's name is a term.
PERSONS = (
    r"^(?:the |an? |ein[e]? |un[ae]? |um[a]? )?(?:\w+ ){0,3}?(?:professors?|lecturers?|teachers?|instructors?|scientists?|engineers?|authors?|writers?|founders?|"
    r"mathematicians?|physicists?|director|researchers?|developer at|student at|profesora?|professora?|científic[oa]|Wissenschaftler(?:in)?|Professorin|"
    r"professeure?|chercheu\w+|вчен\w+|учён\w+|професор\w*|профессор\w*|викладач\w*|письменни\w+|naukowiec|scienziat[oa])(?!\w)"
)

# What gives a name to something that was described in the sentence before.
NAMINGS_OF_WHAT_WAS_SAID = (
    r"(?:(?:so|and|now),? )?(?:(?:this|that|these|those)(?: \w+){0,2} (?:is|are) (?:also |often |sometimes )?(?:called|known as|referred to as|termed|what we call)|"
    r"(?:this|that)['’]s (?:called|what we call)|we call (?:this|these|that|it)|"
    r"(?:це|такий \w+|таку \w+) (?:називають|називається|називаємо)|это называ(?:ют|ется|ем)|(?:esto|este \w+|esta \w+) se (?:llama|denomina)|"
    r"das (?:nennt man|heißt)|(?:cela|c['’]est ce qu['’]on) (?:s['’]appelle|appelle)|to nazywa(?:my| się)|isto (?:se )?chama-se|questo si chiama|这(?:就)?(?:叫做|叫|称为)"
    r")"
)
