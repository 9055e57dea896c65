"""How a language defines: its copulas, its verbs of definition, and the words that open and continue a definition.

Data only; `definitions` puts it together. Each value is an alternation of a regular expression, without case.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, kw_only=True)
class Signs:
    """What a sentence of each form has somewhere, in small letters: looked for first, since patterns take longer.

    Parts of words or words with the spaces around them, divided by `|`.
    """

    copula: str
    verb: str
    naming: str
    framed: str


@dataclass(frozen=True, kw_only=True)
class Language:
    """The forms of definition in one language.

    `articles` may stand before a term and `indefinite` are those of any one thing; `copulas` join a term with what it
    is; `verbs` only ever define ("means"); `namings` have the term behind them ("is called"). `openings` begin a noun
    phrase, `relatives` tell it from others of its kind, `pronouns` stand for what was said before. `framed` are whole
    forms with the groups `term` and `definiens`. `aside` joins a term with what it is in passing. `clause_signs` show, early in a text, that it is a clause, no name.
    """

    code: str
    signs: Signs
    function_words: str
    copulas: str
    verbs: str
    namings: str = ""
    articles: str = ""
    indefinite: str = ""
    openings: str = ""
    relatives: str = ""
    pronouns: str = ""
    framed: tuple[str, ...] = ()
    vague: str = ""
    aside: str = ""
    clause_signs: str = ""


# As few characters as the rest of a pattern allows: "A list is a value that is a ..." defines "list". 61 are more than
# a term usually has, and bound the work on a long line.
TERM = r"(?P<term>[^\W\d_][^.,;:!?()\n，。：；]{0,60}?)"
# The term stands last: as far as the next mark.
LAST_TERM = r"(?P<term>[^\W\d_][^.,;:!?()\n，。：；]{0,60})"

ENGLISH = Language(
    code="en",
    aside=r"which (?:is|are)",
    signs=Signs(
        copula=" is | are | was | were ",
        verb="defined as|short for| for |mean|refer|stand|denote",
        naming="called|known as|referred to|termed",
        framed="we mean|we call|we define",
    ),
    function_words="a an the of and is to in that are with for this it you we be as on can",
    copulas="is|are|was|were",
    verbs=r"(?:is|are) (?:defined as|short for|an? (?:abbreviation|acronym|term) for|the (?:term|name) for)|means|mean|refers to|refer to|stands for|denotes?",
    namings=r"(?:is|are|was|were) (?:also |often |usually |sometimes |commonly )?(?:called|known as|referred to as|termed)",
    articles="the (?:term|word|name|concept of)|an?|the",
    indefinite="an?",
    openings=r"an?|the|any|one of|some|all",
    relatives=r"that|which|who|whose|whom|where|when|how|of|for|to|used|with|without|from|by|in|on|between|containing|made|consisting|designed|based|using|into|as",
    pronouns=r"this|that|these|those|it|they|he|she|we|you|i|there|here|such|which|what|so|methods like this",
    framed=(
        rf"by (?:an? |the )?{TERM},? we mean (?P<definiens>.+)",
        rf"we (?:call|define) (?P<definiens>(?:an?|any|the) [^.]+?) (?:an|a|as an?|as) {LAST_TERM}",
    ),
    vague=(
        r"(?:very|really|pretty|quite|great|good|bad|nice|big|huge|little|bit|lot|lots|common|popular|useful|powerful|important|simple|complex|difficult|"
        r"hard|easy|fun|cool|super|favou?rite|new|different|perfect|fine|real|better|best|must|mess|joke|pain|problem|challenge|reason|example|instance|"
        r"result|matter|question|mistake|first|second|third|last|next|same|only|most|more|other|right|wrong|whole|thing|things|few|couple|number of (?:things|ways)|"
        r"answer|case|way to go|good idea|key|main|ones?|two|three|four|bunch|long|short|basic|starting|great|contrived|kind of (?:fun|cool|weird|nice)|excellent|"
        r"ongoing|fact of|(?:\w+ ){0,2}(?:issues?|problems?|challenges?|questions?|concerns?|trends?|topics?|choices?|skills?|success|priority|requirements?|strength)"
        r"(?! (?:that|which|of|in|where|to))|(?:term|word|name) (?:that (?:comes|originates)|from)|"
        r"interesting|essential|ideal|typical|fundamental|default|less|lowest|highest|perfectly|well-known|story|opportunity)"
    ),
    clause_signs=r"is|are|was|were|can|will|has|have|had|should|must|may|does|do|could|would|cannot|won't|don't|doesn't",
)
UKRAINIAN = Language(
    code="uk",
    aside=r"тобто",
    signs=Signs(
        copula="це|то |було",
        verb="означа|скорочен|термін|визнача| є | був | була | було ",
        naming="назива|звуть|звуться|відом",
        framed="розумі|мають на увазі|назива|звуть",
    ),
    function_words="і та що це як для або у на який яка яке від не до із цей ми ви є й",
    copulas=r"[—–-] (?:це|то|було)",
    # "є документом, яким ...": with an instrumental and a relative only, since "є зеленим" says what a thing is like.
    verbs=r"(?:є|був|була|було)(?=\s\w+(?:ом|ем|єм|ою|ею|єю)\s?[^.]{0,60},\s(?:\w+\s)?(?:як|що|котр|де))|означає|означають|[—–-] це (?:скорочення від|термін)|визначають як|визначається як",
    namings=r"називають|називали|називаються|називається|звуть|звуться|відом[аиіе]й? як",
    openings=r"будь-як\w+|один|одна|одне|якийсь|усе|все|те|сукупність|спосіб|процес|набір",
    relatives=r"як(?:ий|а|е|і|ого|ої|их|ому|ій|им|ою|ими)|що|де|для|коли|чий|котр\w+|з|із|у|в|на|між|за|до|від|про|або|та",
    pronouns=r"це|цей|ця|ці|те|той|та|ті|він|вона|воно|вони|ми|ви|такі|такий|така|таке|тут|їх|його|її|що|який|яка",
    framed=(
        rf"під {TERM} (?:розуміють|мають на увазі|розуміється) (?P<definiens>.+)",
        rf"{TERM} (?:називають|називали|називаємо|називається|звуть) (?P<definiens>.+)",
    ),
    vague=r"(?:не|щоб|якщо|коли|бо|дуже|важлив\w+|складн\w+|прост\w+|легк\w+|добр\w+|чудов\w+|найкращ\w+|просто|лише|тільки|проблем\w+|приклад\w*|головн\w+|перш\w+|друг\w+|остан\w+|ваш\w*|наш\w*|так\w*|чудово|добре|весело|саме|зміст|річ)",
)
RUSSIAN = Language(
    code="ru",
    aside=r"то есть",
    signs=Signs(
        copula="это|то ",
        verb="означа|сокращен|термин|определя|представля|является| был",
        naming="называ|известн",
        framed="понима|подразум|имеют в виду|называ",
    ),
    function_words="и это что как для или не на который которая от по мы вы из с в к у же бы",
    copulas=r"[—–-] (?:это|то)",
    verbs=r"(?:является|был|была|было)(?=\s\w+(?:ом|ем|ой|ей)\s?[^.]{0,60},\s(?:\w+\s)?(?:котор|что|где))|означает|означают|[—–-] это (?:сокращение от|термин)|определяют как|определяется как|представляет собой",
    namings=r"называют|называли|называются|называется|известн\w+ как",
    openings=r"любой|любая|любое|один|одна|одно|всё|то|совокупность|способ|процесс|набор",
    relatives=r"котор\w+|что|где|для|когда|чей|чья|из|с|в|на|между|за|до|от|о|или|и",
    pronouns=r"это|этот|эта|эти|то|тот|та|те|он|она|оно|они|мы|вы|такие|такой|такая|такое|здесь|их|его|её|ее|что",
    framed=(
        rf"под {TERM} (?:понимают|понимается|подразумевают|имеют в виду) (?P<definiens>.+)",
        rf"{TERM} (?:называют|называли|называем|называется) (?P<definiens>.+)",
    ),
    vague=r"(?:не|чтобы|если|когда|очень|важн\w+|сложн\w+|прост\w+|легк\w+|хорош\w+|отличн\w+|лучш\w+|просто|лишь|только|проблем\w+|пример\w*|главн\w+|перв\w+|втор\w+|последн\w+|ваш\w*|наш\w*|так\w*)",
)
SPANISH = Language(
    code="es",
    aside=r"que (?:es|son)",
    signs=Signs(
        copula=" es | son | era",
        verb=" define| definen|signific|refier|design|denot|consiste|abreviatura|siglas",
        naming="llama|denomina|conoce|reciben el|recibe el|conocid",
        framed="llama|denomina|conoce|entiend",
    ),
    function_words="el la los las de que es y en un una por con para del se al como su más no",
    copulas="es|son|era|eran",
    verbs=r"se define como|se definen como|significa|significan|se refiere a|se refieren a|designa|designan|denota|consiste en|es la abreviatura de|son las siglas de",
    namings=r"(?:se llaman?|se denominan?|se conocen? como|reciben? el nombre de|es llamad[oa]|es conocid[oa] como)",
    articles=r"el término|la palabra|una?|el|la|los|las|unos|unas",
    indefinite="una?",
    openings=r"una?|el|la|los|las|lo que|cualquier|todo|toda|cada|aquel|aquella|es una?",
    relatives=r"que|de|del|para|con|sin|donde|cuyo|cuya|cuando|en|por|entre|quien|cual|a|al|desde|sobre",
    pronouns=r"est[eoa]s?|es[eoa]s?|aquell[oa]s?|ello|ella|él|ellos|ellas|nosotros|hay|aquí|así|lo|tales?",
    framed=(
        rf"se (?:llama|llamaba|denomina|conoce como|entiende por) (?:una? |el |la )?{TERM} (?:a |al )(?P<definiens>.+)",
        rf"(?:llamamos|denominamos) (?:una? |el |la )?{TERM} (?:a |al )(?P<definiens>.+)",
        rf"por (?:una? |el |la |los |las )?{TERM} (?:se entiende|entendemos) (?P<definiens>.+)",
    ),
    vague=r"(?:muy|gran|grande|buen[oa]?|mal[oa]?|problema|ejemplo|caso|tema|pregunta|cosa|cosas|primer[oa]?|últim[oa]|mism[oa]|más|mejor|peor|importantes?|fácil|difícil|simple|clave|ciudad|país|momento|día|hora)",
    clause_signs=r"es|son|está|están|tiene|tienen|puede|pueden|debe|deben|se|fue|hay",
)
GERMAN = Language(
    code="de",
    signs=Signs(
        copula=" ist | sind | war",
        verb="bezeichn|bedeut|steht für|stehen für|meint|definiert|abkürzung",
        naming="heiß|nennt|nennen|werden als|wird als",
        framed="versteh|bezeichnet|definiert|nennt man",
    ),
    function_words="der die das und ist ein eine von mit zu nicht den im dem des für auf sich wird werden",
    copulas="ist|sind|war|waren",
    verbs=r"bezeichnet|bezeichnen|bedeutet|bedeuten|steht für|stehen für|meint|ist definiert als|ist die (?:Bezeichnung|Abkürzung) für",
    namings=r"(?:heißen|heißt|nennt man|nennen wir|werden als|wird als)",
    articles=r"der Begriff|eine?|eine[mnrs]|der|die|das|den|dem",
    indefinite="eine?",
    openings=r"eine?|eine[mnrs]|der|die|das|den|dem|jede[rs]?|alle|alles",
    relatives=r"der|die|das|den|dem|deren|dessen|denen|mit|für|von|vom|zum|zur|zu|aus|bei|in|im|zwischen|durch|des|auf|an|wo|wenn|was|um|über|nach|als|bei",
    pronouns=r"das|dies|diese[rsmn]?|es|er|sie|wir|ich|man|hier|solche\w*|dort|so|was",
    framed=(
        rf"unter (?:eine[mr] |der |dem |den )?{TERM} versteh(?:t man|en wir) (?P<definiens>.+)",
        rf"als (?:eine?n? |den |die |das )?{TERM} (?:bezeichnet|definiert) man (?P<definiens>.+)",
        rf"(?:eine?|der|die|das) {TERM} nennt man (?P<definiens>.+)",
    ),
    vague=r"(?:sehr|gute?[rsn]?|schlechte?[rsn]?|große?[rsn]?|wichtige?[rsn]?|einfache?[rsn]?|schwierige?[rsn]?|Problem|Beispiel|Frage|Fall|Thema|Sache|Punkt|erste?[rsn]?|letzte?[rsn]?|beste?[rsn]?|gleiche?[rsn]?|Stadt|Land|neue?[rsn]?|Herausforderung|Grund)",
    clause_signs=r"ist|sind|wird|werden|hat|haben|kann|können|muss|müssen|soll|war",
)
FRENCH = Language(
    code="fr",
    aside=r"qui (?:est|sont)",
    signs=Signs(
        copula=" est | sont | étai",
        verb="désign|signifi|défini|veut dire|abréviation|acronyme|référence",
        naming="appel|nomm|connu",
        framed="appel|nomm|entend",
    ),
    function_words="le la les de des et est un une que qui dans pour sur du au aux en ce pas il elle on",
    copulas="est|sont|était|étaient",
    verbs=r"désigne|désignent|signifie|signifient|se définit comme|se définissent comme|est défini[e]? comme|veut dire|est l['’](?:abréviation|acronyme) de|fait référence à",
    namings=r"(?:s['’]appellent|s['’]appelle|se nomment|se nomme|est appelé[e]?|sont appelé[e]?s|est connu[e]? sous le nom de)",
    articles=r"le terme|une?|les?|la|des|l['’]",
    indefinite="une?",
    openings=r"une?|les?|la|des|l['’]|tout|toute|ce qui|ce que|chaque|celui|celle|c['’]est une?",
    relatives=r"qui|que|qu|de|du|des|d|pour|où|dont|à|au|aux|avec|sans|entre|lequel|laquelle|dans|par|sur|en|quand|ayant",
    pronouns=r"ce|cela|ça|cette|ces|cet|il|elle|ils|elles|nous|vous|on|je|c|ici|voici|tels?|telles?|y",
    framed=(
        rf"on (?:appelle|appelait|nomme) (?:une? |le |la |l['’])?{TERM} (?P<definiens>(?:une?|les?|la|l['’]|des|tout|toute|ce) ?.+)",
        rf"par (?:une? |le |la |l['’])?{TERM},? on entend (?P<definiens>.+)",
        rf"on entend par (?:une? |le |la |l['’])?{TERM} (?P<definiens>(?:une?|les?|la|l['’]|des|tout|toute|ce) ?.+)",
    ),
    vague=r"(?:très|grande?s?|bonne?s?|mauvaise?|problème|exemple|cas|question|chose|sujet|premi[eè]re?|dernière?|dernier|même|plus|meilleure?|important[e]?s?|simple|facile|difficile|ville|pays|moment|point)",
    clause_signs=r"est|sont|a|ont|peut|peuvent|doit|doivent|sera|était",
)
POLISH = Language(
    code="pl",
    aside=r"czyli",
    signs=Signs(
        copula=" to | jest | są ",
        verb="oznacza|skrót|określa|definiuje|rozumie| jest | był",
        naming="nazywa|nazywan|określamy",
        framed="rozumie|nazywa",
    ),
    function_words="i w na jest to się że z nie do oraz przez jak dla są o po od lub który która które",
    copulas=r"(?:[—–-] )?(?:jest to|są to|to|był to|była to)",
    verbs=r"(?:jest|był|była|było)(?=\s\w+(?:em|ą|um)\s?[^.]{0,60},\s(?:\w+\s)?(?:któr|gdzie))|oznacza|oznaczają|to skrót od|określa się jako|definiuje się jako|rozumie się jako",
    namings=r"(?:nazywa się|nazywamy|nazywają się|nazywane są|określamy jako)",
    openings=r"każdy|każda|każde|dowolny|dowolna|jeden|jedna|jedno|to|zbiór|sposób|proces|zestaw",
    relatives=r"któr\w+|co|gdzie|dla|gdy|z|ze|w|we|na|między|do|od|o|przez|lub|oraz|służ\w+|i",
    pronouns=r"to|ten|ta|te|tym|on|ona|ono|oni|my|wy|takie|taki|taka|tutaj|ich|jego|jej|co",
    framed=(
        rf"przez {TERM} rozumie(?:my| się) (?P<definiens>.+)",
        rf"{TERM} nazywa(?:my|no| się) (?P<definiens>.+)",
    ),
    vague=r"(?:nie|żeby|aby|jeśli|gdy|bardzo|ważn\w+|trudn\w+|prost\w+|łatw\w+|dobr\w+|najlepsz\w+|tylko|problem\w*|przykład\w*|główn\w+|pierwsz\w+|ostatni\w*|nasz\w*|twój|tak\w*|świetn\w+|miast\w+)",
    clause_signs=r"jest|są|był|była|może|mogą|ma|mają|należy|będzie",
)
PORTUGUESE = Language(
    code="pt",
    aside=r"que (?:é|são)",
    signs=Signs(
        copula=" é | são | era",
        verb="signific|refere|design|denota|define|definid|consiste|sigla",
        naming="chama|denomina|conhecid",
        framed="chama|denomina|entende",
    ),
    function_words="o a os as de que é e em um uma não para com do da no na por se ao mais como",
    copulas="é|são|era|eram",
    verbs=r"significa|significam|refere-se a|refere-se ao|refere-se à|designa|designam|denota|define-se como|é definid[oa] como|consiste em|é a sigla de",
    namings=r"(?:chama-se|chamam-se|denomina-se|é chamad[oa]s?(?: de)?|são chamad[oa]s(?: de)?|é conhecid[oa] como)",
    articles=r"o termo|uma?|os?|as?",
    indefinite="uma?",
    openings=r"uma?|os?|as?|qualquer|todo|toda|cada|aquele|aquilo que|aquilo|é uma?",
    relatives=r"que|de|do|da|dos|das|para|com|sem|onde|cujo|cuja|quando|em|no|na|por|pelo|pela|entre|quem|qual|a|ao",
    pronouns=r"est[ea]s?|isto|ess[ea]s?|isso|aquel[ea]s?|aquilo|ele|ela|eles|elas|nós|há|aqui|assim|tais|tal",
    framed=(
        rf"(?:chama-se|denomina-se|chamamos de|chamamos) (?:uma? |o |a )?{TERM} (?:a |ao |à |o )(?P<definiens>.+)",
        rf"por (?:uma? |o |a )?{TERM},? entende-se (?P<definiens>.+)",
        rf"entende-se por (?:uma? |o |a )?{TERM} (?P<definiens>(?:uma?|o|a|os|as|qualquer|todo) .+)",
    ),
    vague=r"(?:muito|grande|boa|bom|mau|má|problema|exemplo|caso|tema|pergunta|coisa|coisas|primeir[oa]|últim[oa]|mesm[oa]|mais|melhor|pior|importantes?|fácil|difícil|simples|cidade|país|momento|dia)",
    clause_signs=r"é|são|está|estão|tem|têm|pode|podem|deve|devem|foi|há",
)
ITALIAN = Language(
    code="it",
    aside=r"che (?:è|sono)",
    signs=Signs(
        copula=" è | sono | era",
        verb="signific|riferisce|indica|design|denota|definisce|definit|consiste|acronimo",
        naming="chiama|dicono|dice|dett|nome di",
        framed="chiama|definisce|dice|intende|indica",
    ),
    function_words="il la di che è e un una per con del della i gli le non in si da sono al lo come più",
    copulas="è|sono|era|erano",
    verbs=r"significa|significano|si riferisce a|si riferisce al|si riferisce alla|indica|indicano|designa|denota|si definisce come|è definit[oa] come|consiste in|è l['’]acronimo di",
    namings=r"(?:si chiamano|si chiama|si dicono|si dice|è dett[oa]|sono dett[ie]|è chiamat[oa]|prende il nome di)",
    articles=r"il termine|un['’]|una|uno|un|il|lo|la|i|gli|le|l['’]",
    indefinite=r"un['’]|una|uno|un",
    openings=r"un['’]|una|uno|un|il|lo|la|i|gli|le|l['’]|ogni|tutto|ciò che|qualsiasi|quello|quella|è una?",
    relatives=r"che|di|del|della|dello|dei|degli|delle|dell|per|con|senza|dove|cui|quando|in|nel|nella|tra|fra|chi|quale|a|al|da|su",
    pronouns=r"quest[oaie]|quell[oaie]|ciò|esso|essa|essi|lui|lei|noi|voi|ecco|qui|così|tali|tale|c",
    framed=(
        rf"si (?:chiama|definisce|dice) (?:un['’]|una |uno |un |il |la |l['’])?{TERM} (?P<definiens>(?:un['’]|una|uno|un|il|lo|la|l['’]|ogni|ciò) ?.+)",
        rf"per (?:un['’]|una |uno |un |il |la |l['’])?{TERM},? si intende (?P<definiens>.+)",
        rf"con (?:il termine |la parola )?{TERM},? si (?:intende|indica) (?P<definiens>.+)",
    ),
    vague=r"(?:molto|grande|buon[oa]?|cattiv[oa]|problema|esempio|caso|tema|domanda|cosa|cose|prim[oa]|ultim[oa]|stess[oa]|più|migliore|peggiore|importanti?e?|facile|difficile|semplice|città|paese|momento|giorno)",
    clause_signs=r"è|sono|ha|hanno|può|possono|deve|devono|fu|c['’]è",
)
CHINESE = Language(
    code="zh",
    signs=Signs(copula="是", verb="是|指|定义|意思", naming="叫|称", framed="谓|叫|称"),
    function_words="",
    copulas="就是|是",
    verbs="是指|指的是|指的就是|是(?=一种|一类|一个)|定义为|被定义为|的意思是",
    namings="叫做|叫作|称为|称作|被称为|被称作|称之为",
    relatives="的|中|之间|用来|用于|通过|由|所",
    pronouns="这|那|它|他|她|我们|你们|他们|此|该|这里|其|有|不|也|都|但|而|因为|所以|如果|今天|什么|哪|谁",
    framed=(
        r"(?:所谓|所谓的)[“「『]?(?P<term>[^，。：；,!?！？“”「」『』]{1,16}?)[”」』]?[，,]?(?:就是指|就是|是指|指的是|是)(?P<definiens>.+)",
        r"[“「『]?(?P<definiens>[^，。：；！？]{4,60}?)(?:叫做|叫作|称为|称作|被称为|被称作|称之为)[“「『]?(?P<term>[^，。：；,!?！？“”「」『』]{2,12})[”」』]?[。.]?$",
    ),
    vague="(?:很|非常|不|最|一个(?:重要|好|大|新|问题)|重要|首都|错|对|问题|例子|什么|谁|为了|因为|在)",
)
_LANGUAGES = {
    language.code: language
    for language in (
        ENGLISH, UKRAINIAN, RUSSIAN, SPANISH, GERMAN, FRENCH, POLISH, PORTUGUESE, ITALIAN, CHINESE,
    )
}  # fmt: skip
# Languages without articles: what begins a noun phrase must be told by the ending of its first word.
WITHOUT_ARTICLES = frozenset({"uk", "ru", "pl", "zh"})

_WORD = re.compile(r"[^\W\d_]+")
_CHINESE_LETTER = re.compile(r"[\u4e00-\u9fff]")
_CYRILLIC_LETTER = re.compile(r"[\u0400-\u04ff]")
# In letters' runs, so words: a text with fewer may lack any letter.
_MIN_LETTERS_OF_SENTENCE = 5
# In words: enough for the commonest words of a language to show many times.
_MAX_WORDS = 400


@cache
def get_language(code: str) -> Language | None:
    """Return the language of a code such as `uk` or `pt-BR`; None for one that is not known."""
    return _LANGUAGES.get(code.casefold().replace("_", "-").split("-")[0])


def detect_language(text: str, *, stated: str = "") -> Language:
    """Return the language of a text, told by its letters and commonest words; `stated` decides where these do not.

    English for a text without any sign.
    """
    start = text[: 8 * _MAX_WORDS]
    is_cyrillic = False
    if not start.isascii():
        letters = len(_WORD.findall(start)) or 1
        # A Chinese clause is one "word" here, so a few letters are much.
        if len(_CHINESE_LETTER.findall(start)) > letters:
            return CHINESE
        is_cyrillic = len(_CYRILLIC_LETTER.findall(start)) > len(start) // 4
        if is_cyrillic and re.search("[іїєґІЇЄҐ]", start):
            return UKRAINIAN
        # Hardly a Ukrainian sentence is without one of these.
        if is_cyrillic and (re.search("[ыэъёЫЭЪЁ]", start) or letters > _MIN_LETTERS_OF_SENTENCE):
            return RUSSIAN
    candidates = (UKRAINIAN, RUSSIAN) if is_cyrillic else tuple(_LATIN)
    found = Counter(_WORD.findall(start.casefold())[:_MAX_WORDS])
    counts = {one.code: sum(found.get(word, 0) for word in one.function_words.split()) for one in candidates}
    best = max(counts.values())
    if best and list(counts.values()).count(best) == 1:
        return _LANGUAGES[max(counts, key=lambda code: counts[code])]
    said = get_language(stated) if stated else None
    return said if said in candidates and said is not None else candidates[0]


_LATIN = (ENGLISH, SPANISH, GERMAN, FRENCH, POLISH, PORTUGUESE, ITALIAN)
