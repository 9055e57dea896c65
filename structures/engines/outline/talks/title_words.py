"""Words around which a title is found in speech, in the languages of the product. All in small letters.

Russian stands with Ukrainian, as in `phrases`.
"""

from __future__ import annotations

# What people say before they name their subject: the words that follow are likely a title.
SUBJECT_LEADS = {
    "en": r"(?:talk(?:ing)?(?: a (?:little|bit))?(?: a? ?(?:little )?bit)?(?: more)? about|learn(?:ing)?(?: a (?:little )?bit)?(?: more)? (?:about|how)|(?:lecture|video|lesson|section|chapter|talk|topic|subject|course|unit|module|session)(?: (?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen))?,?(?: (?:is|covers|introduces))?(?: (?:about|on|called))?|introduc(?:e|ing|tion to)|notion of|concept of|idea of|move on to|turn to|dig into|subject of|topic of)",
    "uk": r"(?:поговоримо про|говоритимемо про|розповім про|розмова про|дізнаємося про|перейдемо до|переходимо до|розглянемо|вивчимо|тем[аиу](?: лекції| уроку| заняття)?[,:—–-]*(?: це)?|лекція про|поняття|поговорим о|поговорим об|перейд[её]м к|рассмотрим|изучим|понятие)",
    "es": r"(?:hablar(?:emos)? (?:de|del|sobre|acerca de)|hablamos (?:de|del|sobre)|trata (?:de|del|sobre)|aprender(?:emos)?(?: sobre)?|estudiar(?:emos)?|bienvenidos? (?:a|al)|pas(?:emos|amos|ar) (?:a|al)|tema(?: de hoy)?(?: es)?|concepto de|lección(?: de| sobre)?|clase de|capítulo(?: \w+)?[,:]?)",
    "de": r"(?:geht es (?:um|heute um)|sprechen (?:wir )?(?:heute )?über|reden (?:wir )?über|kommen wir (?:nun |jetzt |also )?(?:zu|zum|zur)|beschäftigen (?:wir )?uns (?:heute )?mit|schauen wir uns|behandeln wir|thema(?: heute)?(?: ist)?|begriff|kapitel(?: \w+)?[,:]?|willkommen (?:zu|zur|zum))",
    "fr": r"(?:parler (?:de|du|des|d['’])|parlons (?:de|du|des|d['’])|(?:allons|va) (?:voir|étudier|aborder|découvrir)|passons (?:maintenant )?(?:à|au|aux)|traite (?:de|du|des)|porte sur|sujet(?: du jour)?(?: est)?|notion (?:de|d['’])|bienvenue (?:dans|à|au)|chapitre(?: \w+)?[,:]?)",
    "pl": r"(?:porozmawiamy o|mówić o|opowiem o|przejdźmy do|przechodzimy do|zajmiemy się|omówimy|poznamy|zobaczymy|tematem(?: \w+)? jest|pojęcie|wykład o|witam na)",
    "pt": r"(?:falar(?:emos)? (?:de|do|da|sobre)|vamos (?:ver|estudar|aprender)(?: sobre)?|pass(?:emos|amos|ar) (?:a|ao|à|para)|trata (?:de|do|da)|tema(?: de hoje)?(?: é)?|conceito de|bem-vindos? (?:a|ao|à)|capítulo(?: \w+)?[,:]?)",
    "it": r"(?:parl(?:are|eremo|iamo) (?:di|del|della|dei|delle)|vedremo|studieremo|affrontiamo|passiamo (?:a|al|alla|ai|alle)|tratta (?:di|del|della)|argomento(?: di oggi)?(?: è)?|concetto di|benvenuti (?:a|al|alla|nel|nella)|capitolo(?: \w+)?[,:]?)",
    "zh": r"(?:介绍|讲解|学习|讨论|来看|讲一?下|主题是|关于|讲)",
}

# What stands before a noun: articles, pronouns that point, owners, numbers, and prepositions.
NOUN_LEADS = {
    "en": "a an the this that these those my your our their his her its some any each every another no of in on for with from into about between through by as at called",
    "uk": "у в на з із зі до від для про по за над під між через без при цей ця це ці той та те ті кожен кожна кожне який яка яке називається во с со из от о об этот эта это эти",
    "es": "el la los las un una unos unas este esta estos estas ese esa su sus mi tu nuestro nuestra de del en con por para sobre al cada otro otra",
    "de": "der die das den dem des ein eine einen einem einer eines diese dieser dieses diesen unser unsere ihr ihre sein seine von vom mit in im für zu zum zur auf über aus bei beim an am jede jeder jedes kein keine",
    "fr": "le la les l un une des du de d ce cette ces mon ma mes notre nos votre vos leur leurs son sa ses en dans sur avec pour par au aux chaque",
    "pl": "w we na z ze do od dla o po za nad pod między przez bez przy ten ta to te tego tej każdy każda jest",
    "pt": "o a os as um uma uns umas este esta esse essa seu sua meu minha nosso nossa de do da dos das em no na nos nas com por para sobre ao à cada",
    "it": "il lo la i gli le l un uno una questo questa questi queste suo sua mio mia nostro nostra di del dello della dei degli delle in nel nella con per su sul sulla al alla ogni",
}
# What stands before a verb: persons, auxiliaries, "to".
VERB_LEADS = {
    "en": "i we you he she it they to can could will would should must may might let lets let's don't doesn't didn't won't i'll we'll you'll it'll they'll we're you're i'm gonna going just not then and who",
    "uk": "я ми ви ти він вона воно вони не можна треба потрібно будемо може можемо хто мы вы он она оно они надо нужно будем",
    "es": "yo nosotros usted ustedes él ella ellos no se me te nos lo le puede pueden podemos vamos voy van que quiere",
    "de": "ich wir du er sie es man nicht zu kann können muss müssen wird werden soll sollen",
    "fr": "je j nous vous tu il elle on ils elles ne n se s me m peut pouvons va vont allons qui pas",
    "pl": "ja my wy on ona ono oni nie się można trzeba może możemy będziemy kto",
    "pt": "eu nós você vocês ele ela eles elas não se me te pode podem podemos vamos vou vai que quer",
    "it": "io noi voi lui lei loro non si mi ti ci vi può possono possiamo che",
}
# What begins the object of a verb, where a language has articles; German uses them for "who" and "which", too.
ARTICLES = {
    "en": "a an the this that it",
    "es": "el la los las un una",
    "fr": "le la les un une",
    "pt": "o a os as um uma",
    "it": "il lo la i gli le un una",
}
# What may stand inside a title, between its words.
CONNECTORS = {
    "en": "of and",
    "uk": "та і й в у на з для",
    "es": "de del la las los el y en a con",
    "de": "der des und von im in für die den",
    "fr": "de du des la le les et en à d l",
    "pl": "i w na z do",
    "pt": "de do da dos das e em a o",
    "it": "di del della dei delle e in a",
}
# Words of speech that no subject begins or ends with, besides the most frequent words of written language.
EVERYDAY = {
    "en": "okay ok yeah yes well introduction exercise exercises overview summary gonna wanna gotta kind sort thing things stuff lot lots bit little really actually basically pretty right now then here there going go goes went come comes came get gets getting got "
    "look looks looking see sees seen say says said saying tell tells talk talks talking know knows think thinks want wants need needs let lets make makes making made take takes took put puts give gives use uses used using "
    "call calls called mean means work works working start starts starting run runs running happen happens try keep find show shows turn ask cool nice good great bad big small new old easy hard simple whole quick quickly different same important interesting certain couple bunch "
    "people guy guys everybody everyone somebody something anything nothing way ways time times day today tomorrow moment second minute hour place part point end beginning example case reason idea question questions answer problem hello hi thanks thank welcome bye cheers please sorry "
    "video lecture lesson chapter section slide slides screen course class talk next last first previous once again maybe probably sure like love hope remember notice understand "
    "one two three four five six seven eight nine ten zero hundred thousand million number numbers many much more most less few other others another every always never ever still even just also only instead course "
    "go ahead bring set add write wrote written read reads open close click type line lines goodness let's it's that's there's don't doesn't can't won't i'm i've i'll i'd we're we've we'll you're you've you'll they're what's here's isn't didn't wasn't aren't couldn't wouldn't shouldn't he's she's who's",
    "uk": "отже так добре гаразд ну ось тут там зараз тепер сьогодні завтра потім далі можна треба потрібно дуже трохи просто саме лише тільки наприклад приклад річ речі справа питання відповідь частина разом раз рази день дні час хвилина секунда людина люди всі все кожен щось хтось "
    "бачимо бачите дивіться подивимось подивимося розглянемо скажу скажемо знаємо знаєте маємо маєте робимо робить зробити говорити говоримо називається називають називаємо означає працює працюють відбувається починається закінчується запам'ятайте зверніть увагу дякую привіт доброго лекція лекції урок відео розділ слайд тема теми "
    "один два три чотири п'ять шість сім вісім дев'ять десять перший перша перше друга друге другий третій третя четверта великий велика маленький новий інший інша інше різний різні однаковий головний важливо цікаво итак хорошо здесь сейчас сегодня очень просто например пример видео лекция",
    "es": "bueno bien vale entonces pues ahora hoy mañana aquí allí luego después siempre nunca casi cosa cosas algo nada ejemplo parte veces vez día días hora minuto momento gente persona personas todo todos mucho muchos poco otra otro mismo misma gran grande pequeño nuevo primer primera segundo tercera último importante "
    "vamos voy va ver veremos vemos hablar hablamos decir dice digo digamos llama llamamos hacer hace hacemos hizo poner pone usar usamos utilizar tener tenemos tiene quiere quiero puede pueden saber sé sabéis fijaos mira mirad pasa pasar hola gracias adiós clase lección vídeo video capítulo curso tema uno dos tres cuatro cinco seis siete ocho nueve diez cien mil forma manera tipo caso pregunta respuesta idea",
    "de": "also gut okay genau jetzt nun heute morgen hier dort dann immer nie wieder ganz sehr etwas nichts alles viele viel wenig mehr beispiel teil mal sache sachen ding dinge leute menschen tag zeit minute moment frage antwort idee weise art fall neue neuen große großen kleine erste ersten zweite letzte nächste wichtig "
    "kommen gehen geht schauen sehen sagen sagt heißt machen macht nehmen nimmt geben gibt haben wollen möchte kann können muss nennt nennen wissen denken stellen liegt steht bleibt hallo danke willkommen vorlesung kapitel video lektion thema zwei drei vier fünf sechs sieben acht neun zehn hundert tausend sozusagen eigentlich natürlich einfach",
    "fr": "bon bien alors donc voilà ici maintenant aujourd'hui demain toujours jamais chose choses quelque rien tout tous beaucoup peu exemple partie fois jour temps minute moment gens personne question réponse idée manière façon type cas nouveau nouvelle grand grande petit petite premier première deuxième dernier important "
    "allons va voir voit voyons parler parle dire dit appelle faire fait prendre mettre met utiliser avoir avons peut pouvons savoir sait regarder regardez bonjour merci cours leçon vidéo chapitre sujet deux trois quatre cinq six sept huit neuf dix cent mille exemple ça c'est qu'on n'est d'accord",
    "pl": "dobrze więc tak tutaj teraz dzisiaj dziś jutro zawsze nigdy rzecz rzeczy coś nic wszystko przykład przykładu część raz razy dzień czas minuta moment ludzie osoba pytanie odpowiedź sposób rodzaj przypadek nowy nowa duży duża mały pierwszy pierwsza drugi druga ostatni ważne "
    "mamy mam widzimy zobaczmy mówimy mówić powiedzieć nazywamy nazywa robić robimy wziąć daje możemy możecie wiemy wiecie chcemy dziękuję cześć wykład lekcja film rozdział temat dwa trzy cztery pięć sześć siedem osiem dziewięć dziesięć sto tysiąc bardzo prostu właśnie oczywiście",
    "pt": "bom bem então certo agora hoje amanhã aqui ali sempre nunca coisa coisas algo nada tudo todos muito muitos pouco exemplo parte vez vezes dia tempo minuto momento gente pessoa pergunta resposta ideia forma maneira tipo caso novo nova grande pequeno primeiro primeira segundo último importante "
    "vamos vou vai ver vemos falar falamos dizer diz chama chamamos fazer faz pegar pôr usar temos tem quer pode podemos saber sabe olha olá obrigado obrigada aula lição vídeo capítulo tema dois três quatro cinco seis sete oito nove dez cem mil gente né",
    "it": "bene allora dunque quindi adesso ora oggi domani qui lì sempre mai cosa cose qualcosa niente tutto tutti molto molti poco esempio parte volta volte giorno tempo minuto momento gente persona domanda risposta idea modo maniera tipo caso nuovo nuova grande piccolo primo prima secondo ultimo importante "
    "andiamo vado va vedere vediamo parlare parliamo dire dice chiama chiamiamo fare fa facciamo prendere mettere usare abbiamo ha vuole può possiamo sapere sappiamo guardate ciao grazie lezione video capitolo tema argomento due tre quattro cinque sei sette otto nove dieci cento mille",
}
# Characters of Chinese that are words of grammar or of speech: no title has them.
GRAMMAR_SIGNS_ZH = "的了是我们你他她它这那个在有和就不会要说吗呢吧啊也都很把被给让对与及或但而所以因为如果什么怎么哪些样每之其得着过来去看想能可里上下中前后时候大家好今天现在然后其实非常一二三四五六七八九十"
