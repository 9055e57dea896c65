"""Words that turn a statement round: directions, quantities, order, duty and negation, each family with its poles."""

from __future__ import annotations

import re

# Each family has poles whose words exclude each other; a star stands for any ending.
_FAMILIES: tuple[tuple[str, ...], ...] = (
    ("increas* rise rises rising rose raise* grow* grew higher climb* gain*  зрост* збільш* підвищ* росте ростуть посил* подорожч* дорожч* більша",
     "decreas* fall falls falling fell drop* lower* declin* reduc* shrink* diminish* weaken*  спада* зменш* знижу* зниж* пада* скороч* послаб* подешев* дешев* меншає"),
    ("more greater larger bigger exceed*  більш* перевищ* понад",
     "less smaller fewer  менш*"),
    ("all every always entire* whole  усі всі всіх усіх кожн* завжди весь уся вся цілком",
     "some several sometimes partly partially certain few  деяк* інколи іноді кілька декілька частина частково подекуди окрем*",
     "none never nobody nothing neither  жодн* ніколи ніхто ніщо"),
    ("maximum most highest largest longest biggest fastest strongest heaviest  максим* найбільш* найвищ* найдовш* найшвидш* щонайбільше",
     "minimum least lowest smallest shortest slowest weakest lightest  мінім* найменш* найнижч* найкоротш* найповільн* щонайменше"),
    ("hot hotter warm* heat* heats heated  гаряч* тепл* нагрів* нагрі*",
     "cold colder cool* chill*  холод* охолод* прохолод*"),
    ("fast faster quick* rapid* speed* accelerat*  швидк* швидш* прискор*",
     "slow slower slowly slows  повіл* сповіл*"),
    ("strong stronger  сильн* міцн*", "weak weaker  слабк* слабш*"),
    ("long longer  довг* довш*", "short shorter  коротк* коротш*"),
    ("inside inner internal indoor* inward  всередин* внутрішн* усередин*", "outside outer external outdoor* outward  зовн* назовні"),
    ("open opened opening opens  відкри* відчин*", "close closed closing closes shut  закри* зачин*"),
    ("positive positively plus  додатн* позитивн*", "negative negatively minus  від'ємн* негативн* мінус"),
    ("include* including contains  включа* містить містять", "exclude* excluding except  виключа* крім окрім"),
    ("light lighter bright*  світл* яскрав*", "dark darker  темн* темніш*"),
    ("hard harder  тверд*", "soft softer  м'як*"),
    ("same equal identical  однаков* той-самий рівн*", "different differ* unequal  різн* інш*"),
    ("buy buys bought purchase*  купу* купів* куп*", "sell sells sold sale*  прода*"),
    ("thick thicker  товст* товщ*", "thin thinner  тонк* тонш*"),
    ("early earlier  рано ранн* раніш*", "late later  пізн* пізніш*"),
    ("simple simpler easy easier easily  прост* легк* легш*", "complex difficult complicated  складн* важк*"),
    ("high  висок* високо", "low  низьк* низько"),
    ("large big great  велик*", "small little tiny  мал* маленьк* невелик*"),
    ("usually often frequently normally  зазвичай часто здебільшого переважно", "rarely seldom  рідко зрідка"),
    ("clockwise  за-годинниковою", "anticlockwise counterclockwise counter-clockwise  проти-годинникової"),
    ("north northern northward*  північ* північн*", "south southern southward*  південь південн* півдн*", "east eastern eastward*  схід східн* сход*", "west western westward*  захід західн* заход*"),
    ("active actively  активн*", "passive passively  пасивн*"),
    ("public  публічн* громадськ* державн*", "private  приватн*"),
    ("convex  опукл*", "concave  увігнут*"),
    ("acid* acidic  кисл* кислотн*", "alkaline basic  лужн*"),
    ("even  парн*", "odd  непарн*"),
    ("direct directly  прям* безпосередн*", "indirect* inverse* inversely  оберн* непрям* опосередк*"),
    ("true  правд* істинн*", "false  хибн* неправд*"),
    ("input  вхідн* вхід", "output  вихідн* вихід"),
    ("day daytime daily  вдень денн*", "night  вночі нічн*"),
    ("summer  літ* влітку", "winter  зим* взимку"),
    ("male  самець самц* чоловіч*", "female  самиц* самк* жіноч*"),
    ("major  мажор*", "minor  мінор*"),
    ("singular  однин*", "plural  множин*"),
    ("horizontal* горизонт*", "vertical* вертикал*"),
    ("gain gains profit*  прибут*", "loss losses  збит* збитк*"),
    ("debit  дебет*", "credit  кредит*"),
    ("success* succeed*  успіх* успішн*", "fail* failure  невдач* провал*"),
)  # fmt: skip

_NEGATIONS = re.compile(
    r"\b(?:not|no|never|cannot|n't|without|nor|neither|unless|не|ні|ані|без|немає|нема|ніколи|неможлив\w*|нельзя)\b|n['’]t\b",
    re.IGNORECASE,
)


def _compile() -> tuple[dict[str, tuple[tuple[int, int], ...]], list[tuple[str, int, int]]]:
    whole: dict[str, list[tuple[int, int]]] = {}
    beginnings: list[tuple[str, int, int]] = []
    for family, poles in enumerate(_FAMILIES):
        for pole, words in enumerate(poles):
            for word in words.split():
                if word.endswith("*"):
                    beginnings.append((word[:-1], family, pole))
                else:
                    whole.setdefault(word, []).append((family, pole))
    return {word: tuple(found) for word, found in whole.items()}, beginnings


_WHOLE, _BEGINNINGS = _compile()


def find_poles(word: str) -> set[tuple[int, int]]:
    """Return the families that a word belongs to, each with the pole."""
    plain = word.casefold().replace("’", "'").replace("ʼ", "'")
    found = set(_WHOLE.get(plain, ()))
    found.update((family, pole) for start, family, pole in _BEGINNINGS if plain.startswith(start))
    return found


def count_negations(text: str) -> int:
    """Return how many words of a text negate."""
    return len(_NEGATIONS.findall(text))
