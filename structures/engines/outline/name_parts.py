"""Parsing of file and folder names: numbers for a place in an order, words for people, and the kind of file."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, replace
from datetime import date
from pathlib import PurePosixPath

from structures.engines.outline.course_words import DIVISIONS, FILLER_WORDS, MAIN_WORDS, ROLE_BY_WORD, Level
from structures.engines.outline.plans import Role

# Four digits are a year, unless they begin with a zero or are read as two numbers by their siblings.
_MAX_DIGITS = 4
_YEARS = range(1000, 2101)
_DATE = re.compile(
    r"(?<!\d)(?:(?P<y>(?:19|20)\d\d)[-_. ]?(?P<m>0[1-9]|1[0-2])[-_. ]?(?P<d>0[1-9]|[12]\d|3[01])"
    r"|(?P<d2>0?[1-9]|[12]\d|3[01])\.(?P<m2>0?[1-9]|1[0-2])\.(?P<y2>(?:19|20)\d\d))(?!\d)"
)
_TOKEN = re.compile(r"[^\W_]+(?:['’ʼ][^\W_]+)*")
_LETTERS_THEN_DIGITS = re.compile(r"([^\W\d_]+)(\d{1,4})([a-z]?)", re.IGNORECASE)
_SEASON_AND_EPISODE = re.compile(r"([^\W\d_]{1,2})(\d{1,3})([^\W\d_]{1,2})(\d{1,3})")
_DIGITS_THEN_LETTER = re.compile(r"(\d{1,4})([a-z])", re.IGNORECASE)
# I to XXXIX: enough for chapters, and with L, C, D and M words would be numbers ("mix").
ROMAN = re.compile(r"(?=[ivx])(x{0,3})(ix|iv|v?i{0,3})", re.IGNORECASE)
# Two names mean the same when they share this part of their words; see `are_compatible`.
_MIN_SHARED_WORDS = 0.5
_ROMAN_VALUES = {"i": 1, "v": 5, "x": 10}
_CHINESE_NUMBER = re.compile(r"第\s*(?P<n>\d+|[一二三四五六七八九十]{1,3})\s*(?P<unit>[章单周课讲节部]元?)\s*")
_CHINESE_DIGITS = {sign: value for value, sign in enumerate("一二三四五六七八九", start=1)}
_COPY = re.compile(
    r"(?:[ _-]+(?:copy|копія|копия|kopie|copie|copia|kopia|cópia)(?:[ _]?\d+)?|\s*\(\d\)|~\w*)$", re.IGNORECASE
)
# An abbreviation before a number, as in `VL01` or `UE3`, is a label when it has no more letters than this. Longer ones
# are words of the subject as a rule: `Python3`, `Windows10`.
_MAX_LABEL_LETTERS = 3


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step on the way from the course to a file: a number, words, or both.

    `number` orders siblings (of a date its ordinal); None without one. `digits` is the number as written, `words` what
    is left for people, `label` the whole step as written, `level` what its word for a division usually stands for.
    `letter` is a letter behind the number, or a single letter that parts a chapter.
    """

    number: int | None = None
    digits: str = ""
    words: str = ""
    label: str = ""
    level: Level | None = None
    is_date: bool = False
    letter: str = ""

    @property
    def key(self) -> str:
        return build_words_key(self.words)


@dataclass(frozen=True, kw_only=True)
class ParsedName:
    """A parsed name.

    `steps` are outermost first; none for a name that says only what kind of file it is. `role` is that kind, None when
    no word says it. `prefix` is a word before the first number that is neither a division nor a kind: whether it says
    anything depends on the siblings. `tail` is a number behind the words, with the step that it makes.
    """

    steps: tuple[Step, ...]
    role: Role | None = None
    is_main: bool = False
    prefix: str = ""
    tail: Step | None = None


def get_stem(name: str) -> str:
    """Return a file name without its extension and without the mark of a copy, in NFC."""
    stem = unicodedata.normalize("NFC", PurePosixPath(name).stem)
    return _COPY.sub("", stem).strip() or stem


def is_copy(name: str) -> bool:
    """Tell whether a name is marked as a copy or an old version of another file."""
    stem = unicodedata.normalize("NFC", PurePosixPath(name).stem)
    return _COPY.search(stem) is not None and _COPY.sub("", stem).strip() != ""


def build_words_key(text: str) -> str:
    """Return text as names are compared: letters and digits only, case-folded."""
    return " ".join(re.sub(r"[\W_]+", " ", unicodedata.normalize("NFC", text).casefold()).split())


def are_compatible(one: str, other: str) -> bool:
    """Tell whether two names (as keys) can mean the same: one begins the other, or they share most of their words."""
    if not one or not other or one == other or one.startswith(f"{other} ") or other.startswith(f"{one} "):
        return True
    mine, theirs = Counter(one.split()), Counter(other.split())
    shared = sum((mine & theirs).values())
    return shared >= _MIN_SHARED_WORDS * max(sum(mine.values()), sum(theirs.values()))


def parse_name(name: str, *, is_file: bool = False) -> ParsedName:
    """Parse the name of a folder or file."""
    stem = get_stem(name) if is_file else unicodedata.normalize("NFC", name)
    return _Parser(stem, is_file=is_file).parse()


@dataclass(frozen=True, kw_only=True)
class _Token:
    """`before` is what stands between this token and the one before it."""

    text: str
    before: str

    @property
    def key(self) -> str:
        return self.text.casefold()

    @property
    def is_number(self) -> bool:
        return self.text.isdecimal() and len(self.text) <= _MAX_DIGITS


def _tokenize(stem: str) -> list[_Token]:
    tokens: list[_Token] = []
    end = 0
    for found in _TOKEN.finditer(stem):
        text, before = found.group(), stem[end : found.start()]
        end = found.end()
        glued = _LETTERS_THEN_DIGITS.fullmatch(text)
        if (pair := _SEASON_AND_EPISODE.fullmatch(text)) is not None:
            tokens += [_Token(text=pair[2], before=before), _Token(text=pair[4], before="-")]
        elif glued is not None and _is_label(glued[1]):
            tokens.append(_Token(text=glued[1], before=before))
            tokens.append(_Token(text=glued[2], before=""))
            if glued[3]:
                tokens.append(_Token(text=glued[3].upper(), before=""))
        elif (lettered := _DIGITS_THEN_LETTER.fullmatch(text)) is not None:
            tokens.append(_Token(text=lettered[1], before=before))
            tokens.append(_Token(text=lettered[2].upper(), before=""))
        else:
            tokens.append(_Token(text=text, before=before))
    return tokens


def _is_label(letters: str) -> bool:
    word = letters.casefold()
    return word in DIVISIONS or word in ROLE_BY_WORD or word in MAIN_WORDS or len(word) <= _MAX_LABEL_LETTERS


class _Parser:
    """Reads a name from the left: labels and numbers first, then the words, then what stands behind them."""

    def __init__(self, stem: str, *, is_file: bool) -> None:
        self._stem = stem
        # A folder that is called `intro` or `text` holds what is about that.
        self._main_words = MAIN_WORDS if is_file else frozenset[str]()
        self._steps: list[Step] = []
        self._roles: list[Role] = []
        self._is_main = False
        self._prefix = ""

    def parse(self) -> ParsedName:
        rest = self._take_date(self._stem)
        rest = self._take_chinese_numbers(rest)
        tokens = self._take_numbers(_tokenize(rest))
        tokens, part = _split_part(tokens, has_number=bool(self._steps))
        words, tail = self._take_tail(tokens)
        self._add_words(words, rest)
        steps = list(self._steps)
        if part is not None:
            steps.append(part)
        return ParsedName(
            steps=tuple(steps),
            role=self._roles[-1] if self._roles else None,
            is_main=self._is_main,
            prefix=self._prefix,
            tail=tail,
        )

    def _take_date(self, stem: str) -> str:
        found = _DATE.search(stem)
        if found is None:
            return stem
        year, month, day = (int(found[a] or found[b]) for a, b in (("y", "y2"), ("m", "m2"), ("d", "d2")))
        try:
            number = date(year, month, day).toordinal()
        except ValueError:
            return stem
        self._steps.append(Step(number=number, digits=found.group(), label=found.group(), is_date=True))
        return f"{stem[: found.start()]} {stem[found.end() :]}"

    def _take_chinese_numbers(self, stem: str) -> str:
        while (found := _CHINESE_NUMBER.search(stem)) is not None:
            level = DIVISIONS.get(found["unit"], Level.MODULE)
            number = int(found["n"]) if found["n"].isdecimal() else _parse_chinese(found["n"])
            self._steps.append(Step(number=number, digits=str(number), label=found.group().strip(), level=level))
            stem = f"{stem[: found.start()]} {stem[found.end() :]}"
        return stem

    def _take_numbers(self, tokens: list[_Token]) -> list[_Token]:
        """Take the labels and numbers that a name begins with, and return the tokens behind them."""
        at = 0
        level: Level | None = None
        label: list[str] = []
        while at < len(tokens):
            token = tokens[at]
            following = tokens[at + 1] if at + 1 < len(tokens) else None
            if token.is_number and self._is_place(token, has_label=bool(label)):
                letter = ""
                if (
                    following is not None
                    and not following.before
                    and len(following.text) == 1
                    and following.text.isalpha()
                ):
                    letter = following.text
                    at += 1
                text = " ".join([*label, token.text + letter])
                self._steps.append(
                    Step(number=int(token.text), digits=token.text, label=text, level=level, letter=letter)
                )
                level, label = None, []
            elif level is not None and ROMAN.fullmatch(token.text):
                number = parse_roman(token.text)
                self._steps.append(Step(number=number, label=" ".join([*label, token.text]), level=level))
                level, label = None, []
            elif token.key in DIVISIONS and _leads_to_number(tokens, at):
                level, label = DIVISIONS[token.key], [token.text]
            elif token.key in ROLE_BY_WORD and (_leads_to_number(tokens, at) or _ends_label(following)):
                self._roles.append(ROLE_BY_WORD[token.key])
                label = [token.text]
            elif (
                token.key in self._main_words
                and not self._steps
                and (following is None or _leads_to_number(tokens, at))
            ):
                self._is_main = True
                label = [token.text]
            elif not self._steps and not self._prefix and not label and _is_prefix(token, following):
                self._prefix = token.text
                label = [token.text]
            else:
                break
            at += 1
        if len(self._steps) > 1 and _repeats(self._steps[-2], self._steps[-1]):
            del self._steps[-2]
        return tokens[at:]

    def _is_place(self, token: _Token, *, has_label: bool) -> bool:
        """Tell whether a number says a place: the first, one with a label, or one joined to the number before it."""
        if int(token.text) in _YEARS and len(token.text) == _MAX_DIGITS and not has_label:
            return False
        if not self._steps or has_label:
            return True
        last = self._steps[-1]
        joined = token.before in {".", "-", "_"} or (
            last.level is not None and token.before.strip() in {"-", "–", ".", "_"}
        )
        return joined and not last.is_date and not last.letter

    def _take_tail(self, tokens: list[_Token]) -> tuple[list[_Token], Step | None]:
        """Take words for kinds of files, and a number, from the end."""
        tail: Step | None = None
        while tokens:
            last = tokens[-1]
            if last.key in ROLE_BY_WORD and (len(tokens) == 1 or _is_set_off(last)):
                self._roles.append(ROLE_BY_WORD[last.key])
                tokens = tokens[:-1]
            elif len(tokens) == 1 and last.key in self._main_words and not self._steps:
                self._is_main = True
                tokens = []
            elif len(tokens) == 1 and last.key in DIVISIONS:
                tokens = []
            elif tail is None and last.is_number and len(tokens) > 1 and int(last.text) not in _YEARS:
                level = DIVISIONS.get(tokens[-2].key)
                label = f"{tokens[-2].text} {last.text}" if level is not None else last.text
                tail = Step(number=int(last.text), digits=last.text, label=label, level=level)
                if not self._steps and _is_kind_of_file(tokens[:-1]):
                    self._roles.append(ROLE_BY_WORD[tokens[0].key])
                break
            else:
                break
        return tokens, tail

    def _add_words(self, tokens: list[_Token], stem: str) -> None:
        words = _join_tokens(tokens)
        if not words:
            return
        if self._steps:
            last = self._steps[-1]
            self._steps[-1] = replace(last, words=words, label=f"{last.label} {words}")
        else:
            self._steps.append(Step(words=words, label=words))


def _repeats(one: Step, other: Step) -> bool:
    """Tell whether a bare number is said again with its word, as in `01-Part 1`."""
    return one.number == other.number and one.level is None and other.level is not None and not one.is_date


def _is_kind_of_file(tokens: list[_Token]) -> bool:
    """Tell whether words before a number say only what kind of file it is, such as `Ficha de trabajo 2`."""
    return tokens[0].key in ROLE_BY_WORD and all(t.key in ROLE_BY_WORD or t.key in FILLER_WORDS for t in tokens)


def _leads_to_number(tokens: list[_Token], at: int) -> bool:
    if at + 1 >= len(tokens):
        return False
    following = tokens[at + 1]
    if tokens[at].key in DIVISIONS:
        return following.is_number or ROMAN.fullmatch(following.text) is not None
    return following.is_number or (following.key in DIVISIONS and _leads_to_number(tokens, at + 1))


def _ends_label(following: _Token | None) -> bool:
    """Tell whether a word for a kind of file stands for itself: alone, or set off from what follows."""
    return following is None or _is_set_off(following)


def _is_set_off(token: _Token) -> bool:
    return "_" in token.before or any(sign in token.before for sign in ":(–—[") or " - " in token.before


def _is_prefix(token: _Token, following: _Token | None) -> bool:
    return (
        following is not None
        and following.is_number
        and not (len(following.text) == _MAX_DIGITS and int(following.text) in _YEARS)
        and following.before in {"-", "_", "", " "}
        and token.text.isalpha()
    )


def _split_part(tokens: list[_Token], *, has_number: bool) -> tuple[list[_Token], Step | None]:
    """Split off the part of a numbered chapter: what stands from the first single capital letter on."""
    if not has_number:
        return tokens, None
    # Not the first token: `03 A first program` begins with an article, `03 Lists B` is part B of chapter 3.
    at = next(
        (i for i, t in enumerate(tokens) if i and len(t.text) == 1 and t.text.isalpha() and t.text.isupper()), None
    )
    if at is None:
        return tokens, None
    inner = tokens[at + 1 :]
    label = _join_tokens(tokens[at:])
    return tokens[:at], Step(letter=tokens[at].text, words=_join_tokens(inner), label=label)


def _join_tokens(tokens: list[_Token]) -> str:
    """Return tokens as people read them: hyphens and full stops inside words stay, the rest becomes spaces."""
    text = ""
    for token in tokens:
        if not text:
            text = token.text
        elif token.before.strip(" _") in {"", "-"}:
            text += f" {token.text}"
        else:
            text += f"{token.before.replace('_', ' ')}{token.text}"
    # The sign behind the last word is not part of any token.
    return " ".join(text.split()) + ")" * (text.count("(") - text.count(")"))


def parse_roman(text: str) -> int:
    """Return the value of a numeral that matches `ROMAN`."""
    values = [_ROMAN_VALUES[c] for c in text.lower()]
    return sum(-a if a < b else a for a, b in zip(values, [*values[1:], 0], strict=True))


def _parse_chinese(text: str) -> int:
    tens, _, ones = text.partition("十") if "十" in text else ("", "", text)
    high = (_CHINESE_DIGITS.get(tens, 1) if "十" in text else 0) * 10
    return high + _CHINESE_DIGITS.get(ones, 0)
