"""Units of measurement by their names and signs in English and Ukrainian."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

# Of each dimension: the factor by which units convert, and their names and signs. A Ukrainian name is given without its
# ending.
_TABLE = {
    "length": "1/1000000000 nm nanometre nanometer нм нанометр | 1/1000000 µm micrometre micrometer micron мкм мікрометр мікрон"
    " | 1/1000 mm millimetre millimeter мм міліметр | 1/100 cm centimetre centimeter см сантиметр | 1/10 dm decimetre дм"
    " дециметр | 1 m metre meter м метр | 1000 km kilometre kilometer км кілометр | 254/10000 inch in дюйм"
    " | 3048/10000 foot feet ft фут | 1609344/1000 mile миля",
    "mass": "1/1000000 mg milligram мг міліграм | 1/1000 g gram г гр грам | 1 kg kilogram kilo кг кілограм"
    " | 100 центнер | 1000 t tonne ton т тонн | 45359237/100000000 lb pound фунт",
    "time": "1/1000 ms millisecond мс мілісекунд | 1 s sec second с сек секунд | 60 min minute хв хвилин | 3600 h hr hour hourly год годин щогодини"
    " | 86400 day daily доб день дні дн щодня щоденн | 604800 week weekly тижн тиждень тижд щотижня | 2592000 month monthly місяц щомісяця | 31536000 year yearly annual annually рік рок щороку щорічн"
    " | 315360000 decade десятилітт | 3153600000 century сторічч столітт",
    "volume": "1/1000 ml millilitre milliliter мл мілілітр | 1/100 cl | 1 l litre liter л літр | 1/4 cup склян",
    "degrees Celsius": "1 °c celsius цельсі",
    "degrees Fahrenheit": "1 °f fahrenheit фаренгейт",
    "kelvins": "1 kelvin кельвін",
    "share": "1 ‰ проміле | 10 % percent відсотк відсоток процент",
    "dollars": "1/100 cent цент | 1 $ dollar usd долар",
    "euros": "1 € euro eur євро",
    "pounds": "1 £ gbp",
    "hryvnias": "1/100 копій | 1 грн гривн uah hryvnia",
    "voltage": "1/1000 mv мілівольт | 1 v volt в вольт | 1000 kv kilovolt кв кіловольт",
    "current": "1/1000000 мка мікроампер | 1/1000 ma milliampere ма міліампер | 1 a ampere amp а ампер",
    "power": "1/1000 mw міліват | 1 w watt вт ват | 1000 kw kilowatt квт кіловат | 1000000 megawatt мвт мегават",
    "resistance": "1 ω ohm ом | 1000 kω kiloohm ком кілоом",
    "frequency": "1 hz hertz гц герц | 1000 khz kilohertz кгц кілогерц | 1000000 mhz megahertz мгц мегагерц | 1000000000 ghz ггц",
    "data": "1 bit біт | 8 byte байт | 8192 kb kilobyte кб кілобайт | 8388608 mb megabyte мб мегабайт | 8589934592 gb gigabyte гб гігабайт",
    "pressure": "1 pa pascal па паскал | 100 hpa гпа гектопаскал | 1000 kpa kilopascal кпа кілопаскал | 100000 bar бар"
    " | 1000000 mpa мпа мегапаскал",
    "energy": "1 j joule дж джоул | 1000 kj kilojoule кдж кілоджоул | 4184/1000 cal calorie кал | 4184 kcal kilocalorie ккал кілокалор",
    "level": "1 db decibel дб дба децибел",
    "area": "10000 hectare ha га гектар | 4047 acre акр",
}  # fmt: skip
# In letters. What is shorter is a whole sign, and a unit only right behind a number.
_MAX_SIGN = 2
_ENDING = re.compile(r"(?:s|es|[аеиіоуюяйьї]|ів|ам|ям|ами|ями|ах|ях|ом|ем|ень|ей|ні|к[иуаі]|ків|ками|ках|кам)?")
_MAX_ENDING = 4


class Unit(NamedTuple):
    """A unit of measurement: two of one dimension convert by their factors."""

    dimension: str
    factor: Fraction
    name: str


def _build_units() -> dict[str, Unit]:
    units = {}
    for dimension, row in _TABLE.items():
        for column in row.split(" | "):
            factor, *names = column.split()
            units.update({name: Unit(dimension, Fraction(factor), names[0]) for name in names})
    return units


_UNITS = _build_units()


def read_unit(text: str) -> Unit | None:
    """Return the unit that a word or sign names, in any of its forms; None for other words."""
    plain = text.casefold().rstrip(".")
    if plain in _UNITS:
        return _UNITS[plain]
    for length in range(len(plain) - 1, max(_MAX_SIGN, len(plain) - _MAX_ENDING - 1), -1):
        found = _UNITS.get(plain[:length])
        if found is not None and _ENDING.fullmatch(plain[length:]):
            return found
    return None


def is_sign(text: str) -> bool:
    """Tell whether a unit is written by a sign, which is a word of its own elsewhere: "in", "а"."""
    return len(text.rstrip(".")) <= _MAX_SIGN
