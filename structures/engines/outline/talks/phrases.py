"""Phrases with which people begin and end the parts of a talk, as regular expressions for text in small letters.

Each tuple has one string for each of `LANGUAGES`, in that order. Those of Russian stand with those of Ukrainian.
"""

from __future__ import annotations

LANGUAGES = ("en", "uk", "es", "de", "fr", "pl", "pt", "it", "zh")

# What a talk begins with.
GREETINGS = (
    r"hello\b(?:,? (?:and|everyone|everybody|all|again|there|folks)|,)|hi\b(?:,? (?:everyone|everybody|all|again|there|folks)|,)|hey (?:everyone|everybody|guys|folks)|"
    r"good (?:morning|afternoon|evening)\b|(?:and )?welcome(?: back)? (?:to|everyone|everybody|all)\b|welcome(?: back)?[,.!]|welcome back|greetings,? (?:everyone|all)|my name(?: is|'s|’s) [^\W\d_]",
    r"(?:всім )?привіт\b|доброго (?:дня|ранку|вечора)|добрий (?:день|ранок|вечір)|вітаю\b|вітаємо\b|ласкаво просимо|мене звати|"
    r"(?:всем )?привет\b|здравствуйте|добрый (?:день|вечер)|доброе утро|добро пожаловать|меня зовут",
    r"hola\b|(?:muy )?buen[oa]s(?: días| tardes| noches|[,.!])|(?:sean |seáis )?bienvenid[oa]s?\b|me llamo|mi nombre es",
    r"hallo\b|herzlich willkommen|(?:und )?willkommen (?:zu|zurück|bei|im|in|an)|guten (?:morgen|tag|abend)|grüß (?:gott|euch|sie)|moin\b|servus\b|mein name ist",
    r"bonjour\b|bonsoir\b|salut(?: à tous| tout le monde|[,!])|(?:soyez (?:les )?)?bienvenue?s?\b|je m['’]appelle",
    r"dzień dobry|cześć\b|dobry wieczór|witam\b|witamy\b|witajcie|witaj\b|nazywam się",
    r"olá\b|oi,? (?:pessoal|gente|galera)|bom dia\b|boa (?:tarde|noite)|(?:sejam |seja )?bem[- ]vind[oa]s?\b|meu nome é",
    r"ciao\b|buongiorno\b|buonasera\b|salve\b|benvenut[ieoa]\b|bentornat[ieoa]\b|mi chiamo",
    r"大家好|同学们好|各位(?:同学|朋友)?(?:们)?好|你们?好|早上好|下午好|晚上好|欢迎(?:来到|回来|大家|收看|学习)",
)
# What a talk or a part of it is said to be about.
ANNOUNCEMENTS = (
    r"in this (?:(?:set|series) of )?(?:videos?|lectures?|lessons?|section|segment|chapter|unit|module|part|session|talk|episode|tutorial|exercise|demo)\b|in (?:today['’]s|our next|the next|the last|the final) (?:video|lecture|lesson|section|chapter|unit|part|session)|"
    r"this (?:video|lecture|lesson|section|chapter|unit|module|session|talk) (?:is|will|covers|deals|introduces)\b|today,? (?:we|i|let['’]?s|you)\b|today['’]s (?:topic|lecture|lesson|subject)|"
    r"(?:the|our|my) (?:next|last|final|second|third|fourth|fifth) (?:topic|subject|part|section|chapter|thing (?:we|i)|lecture|lesson|question)\b|(?:chapter|lecture|lesson|unit|module|part|section) (?:\d+|one|two|three|four|five|six|seven|eight|nine|ten)\b",
    r"(?:у|в) (?:цьому|цій|нашому|нашій|сьогоднішн\w+) (?:відео\w*|лекції|уроці|розділі|модулі|частині|занятті|темі)|сьогодні (?:ми|я|поговоримо|розглянемо|дізнаємо\w*|вивчатимемо|розберемо)|"
    r"тема (?:сьогоднішн|наш|лекції|уроку|заняття)\w*|(?:наступн|останн|друг|трет|четверт)\w{1,3} (?:тем[аиу]|питання|розділ|частин[аиу]|пункт)|(?:наша |друга |третя )?(?:лекція|тема|розділ|частина) (?:номер |№ ?)?(?:\d+|перша|друга|третя|четверта|п['’ʼ]ята)|"
    r"(?:в|на) (?:этом|этой|нашем|нашей) (?:видео|лекции|уроке|разделе|модуле|части|занятии)|сегодня (?:мы|я|поговорим|рассмотрим)|(?:следующ|последн)\w{2,3} (?:тем[аыу]|вопрос|раздел|часть)",
    r"en (?:este|esta|el siguiente|la siguiente|nuestro|nuestra) (?:vídeo|video|lección|clase|capítulo|sección|unidad|módulo|parte|sesión|tema)|"
    r"est[ea] (?:vídeo|video|lección|clase|capítulo|sección|unidad|tema) (?:trata|va|es|está|presenta)|hoy (?:vamos|veremos|hablaremos|voy|toca|aprenderemos|estudiaremos)|el tema de hoy|(?:el|la) (?:siguiente|próxim[oa]|últim[oa]|segund[oa]|tercer[oa]?) (?:tema|punto|parte|apartado|sección|capítulo|cuestión)",
    r"in (?:diesem|dieser|der heutigen|unserer heutigen|der nächsten) (?:video|vorlesung|lektion|kapitel|abschnitt|teil|einheit|modul|stunde|sitzung|vortrag)|heute (?:geht|wollen|werden|möchte|sprechen|reden|beschäftigen|schauen|lernen|sehen|behandeln)|"
    r"(?:das|unser) (?:heutige|nächste|letzte) (?:thema|kapitel|punkt)|(?:das|der|die) (?:nächste|letzte|zweite|dritte|vierte) (?:thema|punkt|teil|abschnitt|kapitel|frage)|(?:thema|kapitel|lektion|teil) (?:\d+|eins|zwei|drei|vier|fünf)\b",
    r"dans (?:cette|ce|la prochaine) (?:vidéo|leçon|cours|chapitre|section|partie|séance|séquence|module|unité)|aujourd['’]hui,? (?:nous|on|je|c['’]est)|le (?:sujet|thème) (?:d['’]aujourd['’]hui|du jour|de cette)|(?:le|la) (?:prochaine?|dernière?|deuxième|seconde?|troisième) (?:sujet|thème|point|partie|section|chapitre|question)|"
    r"(?:cette|ce) (?:vidéo|leçon|cours|chapitre|partie) (?:est|traite|porte|présente)",
    r"w (?:tym|tej|dzisiejszym|dzisiejszej|następnym|kolejnym|kolejnej) (?:filmie|wykładzie|lekcji|rozdziale|części|module|odcinku|sekcji|temacie)|dzisiaj (?:\w+my\b|będziemy|chc\w+|porozmawia\w+)|dziś (?:\w+my\b|będziemy|chc\w+)|tematem (?:dzisiejsz\w+|tego|tej|naszego|wykładu)|"
    r"(?:następn|kolejn|ostatni|drug|trzeci)\w{0,2} (?:temat\w*|część|punkt|rozdział|zagadnieni\w+|kwesti\w+)",
    r"n(?:este|esta|o próximo|a próxima|a nossa) (?:vídeo|aula|lição|capítulo|seção|secção|unidade|módulo|parte|sessão)|est[ea] (?:vídeo|aula|lição|capítulo|seção) (?:trata|é|vai|apresenta)|hoje,? (?:vamos|nós|iremos|a gente|eu|veremos|falaremos)|o tema de hoje|"
    r"(?:o|a) (?:próxim[oa]|últim[oa]|segund[oa]|terceir[oa]) (?:tema|tópico|ponto|parte|seção|capítulo|assunto|questão)",
    r"in quest[oa] (?:video|lezione|capitolo|sezione|parte|unità|modulo|puntata)|oggi (?:parl\w+|vedr\w+|vi |ci |stud\w+|affront\w+|impar\w+|tratt\w+)|(?:il tema|l['’]argomento) di oggi|(?:il|la|l['’]) ?(?:prossim[oa]|ultim[oa]|second[oa]|terz[oa]) (?:tema|argomento|punto|parte|sezione|capitolo|questione)|"
    r"quest[oa] (?:video|lezione|capitolo) (?:è|tratta|parla|riguarda)",
    r"(?:在)?(?:本|这)(?:节课|一?节|堂课|讲|章|个?视频|单元|一?部分|集)|今天(?:我们|的|我|来|要)|(?:下一?个|最后一个|第[一二三四五六七八九十]+个?)(?:主题|话题|问题|部分|节|章|讲|课)",
)
# From one subject to the next one.
TRANSITIONS = (
    r"(?:so |and |but )?(?:now |next |then )?(?:,? ?(?:that )?(?:we|i)(?:['’](?:re|m|ll|d)| are| am| will| want to| would)(?: now| next)?(?: going to| like to| gonna)? (?:talk|learn|turn|move on|start|begin|discuss|cover|study|dig|continue|explore|introduce|switch)\b)|"
    r"(?:so |now |next |then )*,?\s?let['’]?s (?:now |then |next )?(?:move|turn|switch|jump|shift|continue|proceed|talk|start|begin|dive|get started|discuss|consider)\b|let us (?:now |then )?(?:move|turn|talk|consider|continue|start|begin|discuss)\b|"
    r"up next|next up|moving on|lastly|last but not least|another (?:important )?(?:topic|subject|issue|area)\b|so far,? (?:we|i)['’ ]|up (?:to|till|until) now|this brings (?:us|me) to|on to the next|(?:so )?now that we(?:['’]ve| have)",
    r"отже,? (?:перейд|почн|розгля)\w*|(?:а )?(?:тепер|зараз),? (?:(?:ми|я|давай\w*|що(?:до)?) )*(?:перейд\w+|розгля\w+|поговор\w+|про\b|почн\w+|вивч\w+)|(?:давайте )?(?:перейдемо|переходимо|рухаємо\w*|рухаймо\w*|продовжимо|розпочнемо|поговоримо|розглянемо|повернемо\w*)\b|"
    r"далі (?:ми |я )?(?:розгл\w+|поговор\w+|перейд\w+)|наостанок|на завершення|наступне,? (?:що|про що|питання)|йдемо далі|ідемо далі|насамкінець|(?:а )?(?:теперь|сейчас),? (?:(?:мы|я|давай\w*) )*(?:перейд\w+|рассм\w+|поговор\w+)|(?:давайте )?(?:перейд[её]м|переходим|поговорим|рассмотрим|продолжим)\b|ид[её]м дальше",
    r"(?:y )?ahora,? (?:bien,? )?(?:vamos a (?:hablar|pasar|empezar|estudiar|tratar)|pas\w+|habl\w+|toca\b)|(?:pasemos|pasamos|vamos a (?:pasar|hablar|empezar|continuar|seguir)|empecemos|empezamos|sigamos|seguimos|continuemos|continuamos|hablemos)\b|a continuación|por último|lo siguiente|cambiemos de tema|hasta (?:ahora|aquí) (?:hemos|vimos)",
    r"(?:und |so,? )?(?:jetzt|nun),? (?:kommen|gehen|wollen|möchte|wenden|sprechen|beginnen) (?:wir|ich)|kommen wir (?:nun |jetzt |also |damit )?(?:zu|zum|zur)|als (?:nächstes|letztes)|(?:gehen wir|fahren wir|machen wir|beginnen wir|fangen wir|sprechen wir|wenden wir) |weiter geht['’]?s|zum (?:schluss|abschluss)|bisher haben wir|ich möchte (?:jetzt|nun|mit)",
    r"(?:et )?maintenant,? (?:(?:que )?(?:nous|on) (?:allons|va|avons|a)|passons|parlons|abordons)|passons (?:maintenant |à présent |donc |ensuite )?(?:à|au|aux)|(?:parlons|commençons|continuons|poursuivons|abordons|venons-en|revenons)\b|(?:nous allons|on va) (?:maintenant |ensuite |à présent )?(?:parler|passer|aborder|commencer|étudier)|pour (?:finir|terminer)|jusqu['’](?:à présent|ici)",
    r"(?:a )?teraz,? (?:przejd\w+|zajm\w+|pora|porozmawia\w+|omów\w+)|(?:przejdźmy|przechodzimy|przejdziemy|zacznijmy|zaczynamy|porozmawiajmy|kontynuujmy|zajmijmy się|wróćmy|omówmy)\b|kolejną rzeczą|na koniec|na zakończenie|idziemy dalej|do tej pory",
    r"(?:e )?agora,? (?:vamos (?:falar|passar|começar|estudar)|falaremos|passamos)|(?:passemos|passamos|vamos (?:passar|falar|começar|continuar|seguir)|comecemos|continuemos|continuando|falemos|seguindo)\b|a seguir|em seguida|por último|por fim|até (?:agora|aqui) (?:vimos|nós|falamos)",
    r"(?:e )?(?:adesso|ora),? (?:passiamo|parliamo|andiamo|affrontiamo|cominciamo)|(?:passiamo|parliamo|cominciamo|iniziamo|continuiamo|proseguiamo|andiamo avanti|torniamo|affrontiamo)\b|successivamente|infine,|per (?:finire|concludere)|finora abbiamo",
    r"(?:那么?|好)?[，,]?(?:接下来|下面)(?:我们|我|让我们|来|请|要|再)|让我们(?:开始|继续|进入|转)|我们(?:接着|继续|开始)(?:来|讲|学|看)|到目前为止|进入下一",
)
# From one step to the next one, mostly within a subject.
STEPS = (
    r"(?:so |and |but )?now,? (?:we|i|let|that)\b|let['’]?s (?:now )?(?:look|take a look|see|go)\b|next,|finally,",
    r"(?:а )?(?:тепер|зараз|далі),? (?:ми|я|давай\w*|подив\w+)|подивимо\w*|(?:теперь|сейчас) (?:мы|я)",
    r"ahora,? (?:vamos|veremos|que)|veamos|vamos a ver|finalmente,",
    r"(?:jetzt|nun) (?:schauen|sehen|werden|betrachten)|(?:schauen|sehen) wir|schließlich",
    r"maintenant,|voyons|regardons|ensuite,? (?:nous|on|je)|enfin,",
    r"teraz,? \w+my\b|spójrzmy|zobaczmy|następnie,? \w+my\b",
    r"agora,? (?:vamos|veremos|nós)|vejamos|vamos ver|finalmente,",
    r"(?:adesso|ora),? (?:vediamo|vogli\w+)|vediamo|in seguito",
    r"现在(?:我们|我|让我们|来)|让我们(?:来|看)|最后(?:我们|一点)",
)
# What a talk ends with.
FAREWELLS = (
    r"see you (?:in|next|soon|then|on|again|later|there|tomorrow|at)\b|(?:thanks|thank you)(?: (?:so|very) much)?(?: again)? for (?:watching|listening|joining|your attention|your time|being|coming|attending|us)|good ?bye\b|bye[- ]bye|\bcheers[.! ]*$|(?:we['’]ll|we will|i['’]ll|i will|be) (?:be )?(?:right )?back (?:in|soon|with)|until (?:next|then)|take care\b[.! ]*$|have a (?:nice|good|great) (?:day|week|weekend|evening)|"
    r"that['’]?s (?:it|all) for (?:today|now|this)|that is (?:it|all) for (?:today|now|this)|(?:we|i)(?:['’]ll| will) (?:stop|end) (?:here|there)|this (?:concludes|ends|is the end of) (?:this|our|the|today)",
    r"до (?:зустрічі|побачення|наступно\w+)|(?:щиро )?дякую за (?:увагу|перегляд|участь|роботу)|дякуємо за (?:увагу|перегляд)|на (?:цьому|сьогодні) (?:(?:ми )?(?:закінч\w+|заверш\w+)|все)|на цьому (?:з|у|в|про|наш\w*)\b|це все (?:на|про|щодо)|побачимось|бувайте|всього найкращого|до (?:встречи|свидания)|спасибо за (?:внимание|просмотр)|на (?:этом|сегодня) (?:вс[её]|мы законч\w+|законч\w+)|увидимся",
    r"hasta (?:la próxima|luego|pronto|mañana|el próximo|la semana)|nos vemos\b|(?:muchas )?gracias por (?:ver|su|vuestra|tu|la|escuchar|acompañar|asistir)\w*|adiós|esto es todo|eso es todo|y con esto (?:terminamos|acabamos|cerramos|concluimos)|(?:aquí|hasta aquí) (?:terminamos|lo dejamos|llega)",
    r"bis (?:zum nächsten|zur nächsten|nächste|bald|dann|gleich|später|morgen)|auf wiedersehen|tschüss|tschüs|(?:vielen )?dank(?:e)? (?:fürs|für (?:die|ihre|eure|das|deine)) (?:zuhören|zuschauen|zusehen|aufmerksamkeit|interesse)|das war['’]?(?:s| es| der| die| das)? (?:für|teil|von|kapitel|über|zu|zum|zur)?|so ?viel (?:zu|zum|zur|dazu|für|über)\b|(?:damit|hiermit) (?:sind wir am ende|beende|schließe|endet)|wir sehen uns|macht['’]?s gut",
    r"à (?:bientôt|la prochaine|très vite|demain|tout à l['’]heure|plus tard)|au revoir|merci (?:à tous |beaucoup )?(?:de|d['’]|pour) (?:votre|avoir|m['’]avoir|nous|l['’])|c['’]est (?:tout|fini|la fin) pour|voilà pour|(?:nous|on) se retrouve|ainsi s['’]achève|bonne (?:journée|soirée|continuation)",
    r"do (?:zobaczenia|widzenia|następnego|usłyszenia)|(?:bardzo )?dzięku\w+ (?:państwu |wam |bardzo )?za (?:uwagę|obejrzenie|wysłuchanie|oglądanie|udział)|to (?:by było|wszystko|już wszystko|tyle)\b|na (?:tym|dziś|dzisiaj) (?:kończ\w+|zakończ\w+|to wszystko|tyle)|na razie[.! ]*$|widzimy się",
    r"até (?:a próxima|à próxima|logo|breve|mais|já|amanhã|o próximo|lá)|(?:muito )?obrigad[oa] por (?:assistir\w*|ouvir\w*|sua|terem|ter|acompanhar\w*)|obrigad[oa] pela (?:atenção|audiência)|tchau\b|adeus\b|é (?:só )?isso (?:por hoje|aí|por agora)|isso é tudo|por hoje é (?:só|isso)|nos vemos|vemo-nos|ficamos por aqui|terminamos (?:aqui|por aqui)",
    r"alla prossima|a presto|arrivederci|ci vediamo|(?:vi ringrazio|grazie)(?: mille| a tutti)? (?:per|dell['’])|(?:questo è|è) tutto (?:per|su)\b|per oggi (?:è tutto|abbiamo finito|ci fermiamo)|(?:qui|con questo) (?:finiamo|concludiamo|terminiamo)|buona (?:giornata|serata)",
    r"再见|拜拜|下(?:次|节课|期|周|一讲)(?:再)?见|谢谢(?:大家|各位|观看|收看|同学)|感谢(?:大家|您|收看|观看)|今天(?:的课)?就(?:到|讲到|先)|就(?:先)?(?:到|讲到)这里",
)
# What comes after the part that ends.
PREVIEWS = (
    r"\b(?:up|coming up) (?:next|soon)\b|(?:in|on to|see you in) (?:the|our) next (?:video|one|lecture|lesson|section|part|chapter|talk|segment|session|unit)|\bnext (?:time|week|lecture|lesson|up|video)\b|(?:the )?next (?:thing|topic|lecture|video|section)[^.]{0,25} (?:is|will|we)\b|(?:move|go|get) on(?:to| to) the next|(?:talk|learn|hear|see)(?:ing)? about next|stay tuned|a new video",
    r"(?:наступн\w+|іншому) (?:відео|лекці\w+|уроц\w+|занятт\w+|раз\w*|розділ\w+|частин\w+|тижн\w+)|далі буде|(?:следующ\w+) (?:видео|лекци\w+|урок\w*|раз\w*|занят\w+)",
    r"(?:en )?(?:el|la) (?:próxim[oa]|siguiente) (?:vídeo|video|clase|lección|capítulo|sesión|parte|semana|unidad)",
    r"(?:im|in der|beim|das) nächsten? (?:video|vorlesung|teil|kapitel|mal|stunde|lektion|woche|abschnitt|sitzung)",
    r"(?:dans )?(?:la|le) prochaine? (?:vidéo|leçon|cours|fois|séance|chapitre|partie|semaine)",
    r"(?:w )?(?:następn|kolejn)\w+ (?:film\w*|wykład\w*|lekcj\w+|odcink\w*|części|razem|rozdział\w*|tydzień|tygodniu)",
    r"n(?:o|a) próxim[oa] (?:vídeo|aula|lição|capítulo|sessão|parte|semana|vez)",
    r"(?:nel|nella) prossim[oa] (?:video|lezione|capitolo|puntata|parte|volta|settimana)|la prossima (?:volta|lezione)",
    r"下(?:一)?(?:节课?|讲|个视频|集|次课?|章|期)(?:我们|中|里|会|将|再)",
)
# What has been said so far.
RECAPS = (
    r"(?:i )?hope (?:this|that|you|it)\b[^.]{0,25} (?:help|useful|enjoy|found|find|like|learn)\w*|to (?:summari[sz]e|sum up|recap|wrap up|conclude)\b|to learn more|in learning more|(?:that['’]?s|this is) the end of|in (?:summary|conclusion)\b|(?:that|this)(?: kind of| sort of| basically|['’]s)?(?: a)? (?:quick )?(?:summari[sz]es|wraps up|concludes|completes|summary|gets us started|covers)|let['’]?s (?:summari[sz]e|recap|wrap up)|that['’]?s (?:basically|pretty much|how|it)\b[^.]{0,40}$|so much for\b|enough (?:about|of|on)\b",
    r"підсум\w+|дізнатис[яь] більше|узнать больше|(?:з|із) (?:цим|цією темою|цим питанням|цим розділом) (?:все|закінч\w+|розібрал\w+|заверш\w+)|отож,? ми (?:розглянули|вивчили|дізналися)|сподіваюсь|сподіваюся|подвед[её]м итог\w*|надеюсь",
    r"en resumen|para saber más|resumiendo|para (?:terminar|concluir|resumir)|en conclusión|espero que (?:os|les|te|haya|esto)\b|hemos visto (?:que|cómo|hoy)|recapitulando|hasta aquí",
    r"zusammen(?:fassend|gefasst)|mehr (?:darüber )?(?:erfahren|wissen) (?:möchte|will)|fassen wir zusammen|ich hoffe,? (?:das|dass|es|ihr|sie)\b|das war (?:der|die|das|es|unser|mein)\b|zum abschluss|damit (?:haben|hätten|wären) wir|(?:soweit|so weit) (?:zu|zum|zur)",
    r"pour (?:résumer|conclure|récapituler)|en savoir plus|en (?:résumé|conclusion)|j['’]espère que|récapitulons|(?:nous avons|on a) vu (?:que|comment|dans)",
    r"podsumowując|dowiedzieć się więcej|podsumujmy|mam nadzieję|reasumując|to tyle (?:o|na temat|jeśli)|omówiliśmy|zatem poznaliśmy",
    r"em resumo|para saber mais|resumindo|para (?:terminar|concluir|resumir|finalizar)|espero que (?:tenha|isso|vocês|isto)\w*|concluindo|recapitulando|vimos (?:que|como|hoje)",
    r"per saperne di più|(?:in|per) (?:sintesi|riassumere|riepilogare|conclusione)|riassumendo|ricapitolando|spero che|abbiamo visto (?:che|come)",
    r"总结一下|了解更多|总之|综上所述|小结|希望(?:大家|对你|这个|你)|(?:我们)?(?:已经)?(?:讲|学|介绍)完了",
)
# In brackets, as captions for the deaf and some models write them. Laughter and noises stand anywhere.
SOUNDS = (
    r"(?:musi[ck]\w*|applause|blank[_ ]audio|silence|intro|outro|jingle|музик\w*|оплески|музык\w*|аплодисменты|música|aplausos|"
    r"applaus|beifall|musique|applaudissements|muzyka|oklaski|musica|applausi)(?!\w)|音乐|掌声"
)
