"""Questions with choices: a stem, and answers to choose from marked a), b) or with boxes to check."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

# A question has two answers at least; one with more than ten is a list of things.
_MIN_CHOICES, MAX_CHOICES = 2, 10
# What has more marks is a table of data.
_MAX_MARKS = 200
_LETTERS = (
    "abcdefghij",
    "абвгґдежзи",
    "абвгдежзик",
    "абвгдеєжзи",
    "ABCDEFGHIJ",
    "АБВГҐДЕЖЗИ",
    "АБВГДЕЖЗИК",
    "АБВГДЕЄЖЗИ",
)
_MARK = re.compile(
    r"(?:^|(?<=[\s;,.，、。？?：:）)]))[(（]?(?P<letter>[a-jA-Jа-яіїєґА-ЯІЇЄҐ])(?P<sign>[).、．:：）])\s*(?=\S)"
)
_BOX = re.compile(r"^[-*•]?\s*(?:\[(?P<box>[ xX✓✔])\]|(?P<sign>[☐☑☒□■✓✔✅◯○●]))\s*")
_CHECKED = set("xX✓✔✅☑☒■●")
_ITEM = re.compile(r"^(?P<indent>\s*)(?:[-*•]|(?P<number>\d{1,3})[.)])\s+")
# How a teacher marks the right answer among the others.
_RIGHT_MARK = re.compile(
    r"\s*(?:[(\[（]\s*(?:correct(?: answer)?|right|true answer|правильн\w+|верн\w+|richtig|correcte?|vrai|correct[ao]|"
    r"poprawn\w+|prawidłow\w+|corrett[ao]|esatt[ao]|cert[ao]|正确)\s*[)\]）]|[✓✔✅])\s*$|^\s*[✓✔✅]\s*",
    re.IGNORECASE,
)
_QUESTION_END = re.compile(r"[?？][\s»”\")）]*$")
_COLON_END = re.compile(r"[:：…][\s»”\")）]*$")
# Each text with a blank has one of these; they are found faster.
_BLANK_SIGNS = ("___", "(", "（", "……", "....")
_BLANK = re.compile(r"_{3,}|[(（]\s{1,4}[)）]|…{2,}|\.{4,}")


@dataclass(frozen=True, kw_only=True)
class ChoiceQuestion:
    """A question with its choices, each with its mark. `right` are the choices that the text itself marks as right."""

    stem: str
    choices: tuple[str, ...]
    right: tuple[str, ...] = ()

    def format_task(self) -> str:
        """Return the question as the learner sees it: without any sign which choice is right."""
        return f"{self.stem}\n\n" + "\n".join(f"- {choice}" for choice in self.choices)


def is_stem(text: str, *, in_quiz: bool) -> bool:
    """Tell whether a text ends as a question does that choices follow: with a question mark, or with a blank in it.

    Among other questions a colon is enough, too; elsewhere it stands before lists of all kinds.
    """
    end = text.strip()
    return bool(
        (("?" in end or "？" in end) and _QUESTION_END.search(end))
        or (any(sign in end for sign in _BLANK_SIGNS) and _BLANK.search(end))
        or (in_quiz and _COLON_END.search(end))
    )


def split_choices(text: str) -> tuple[str, tuple[str, ...]]:
    """Split a text into what stands before its choices and the choices: `Which? a) one b) two`.

    Both are blank and empty when it has none: the letters must begin with the first and run on without a hole.
    """
    marks = list(islice(_MARK.finditer(text), _MAX_MARKS))
    places: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for at, mark in enumerate(marks):
        places[mark["letter"], mark["sign"]].append(at)
    for at, mark in enumerate(marks):
        for letters in _LETTERS:
            if mark["letter"] != letters[0]:
                continue
            run = [marks[each] for each in _find_run(at, letters, mark["sign"], places)]
            if _MIN_CHOICES <= len(run) <= MAX_CHOICES:
                ends = [*(following.start() for following in run[1:]), len(text)]
                choices = tuple(
                    " ".join(text[one.start() : end].split()).rstrip(" ;,") for one, end in zip(run, ends, strict=True)
                )
                if all(len(choice) > len(one.group().strip()) for choice, one in zip(choices, run, strict=True)):
                    return text[: mark.start()].strip(), choices
    return "", ()


def _find_run(at: int, letters: str, sign: str, places: Mapping[tuple[str, str], list[int]]) -> Iterator[int]:
    """Yield the place of a mark with the first letter, and of the next mark with each letter behind it."""
    yield at
    for letter in letters[1:]:
        known = places.get((letter, sign), [])
        following = bisect_right(known, at)
        if following == len(known):
            return
        at = known[following]
        yield at


def build_question(stem: str, choices: tuple[str, ...]) -> ChoiceQuestion | None:
    """Return the question of a stem and its choices; None when they are no answers to choose from.

    Choices that are questions themselves are the parts of one task.
    """
    if not _MIN_CHOICES <= len(choices) <= MAX_CHOICES or not stem.strip():
        return None
    if sum(choice.rstrip().endswith(("?", "？")) for choice in choices) * 2 > len(choices):
        return None
    plain, right = [], []
    for choice in choices:
        text, is_right = _strip_right_mark(choice)
        plain.append(text)
        if is_right:
            right.append(text)
    # Where all are marked, the mark means something else.
    return ChoiceQuestion(
        stem=stem.strip(), choices=tuple(plain), right=tuple(right) if len(right) < len(plain) else ()
    )


def read_item_lines(text: str) -> list[tuple[int, str, str]]:
    """Return the lines of a list as (depth in columns, number or blank, text)."""
    lines = []
    for line in text.split("\n"):
        found = _ITEM.match(line)
        if found is None:
            lines.append((len(line) - len(line.lstrip()), "", line.strip()))
        else:
            lines.append((len(found["indent"]), found["number"] or "", line[found.end() :].strip()))
    return lines


def group_items(text: str) -> list[tuple[str, str, list[tuple[int, str, str]]]]:
    """Return the top items of a list as (number or blank, text, lines of the items inside).

    Choices at the same depth as a numbered item before them, as on a page of a PDF, stand inside it.
    """
    lines = read_item_lines(text)
    top = min(depth for depth, _, _ in lines)
    starts: list[int] = []
    for at, (depth, number, words) in enumerate(lines):
        is_choice = bool(starts) and lines[starts[-1]][1] and not number and has_choice_mark(words)
        if depth == top and not is_choice:
            starts.append(at)
    ends = [*starts[1:], len(lines)]
    return [(lines[at][1], lines[at][2], lines[at + 1 : end]) for at, end in zip(starts, ends, strict=True)]


def has_choice_mark(text: str) -> bool:
    """Tell whether a line begins as one of several choices: with a letter and a bracket, or a box to check."""
    found = _MARK.match(text)
    return _BOX.match(text) is not None or (found is not None and found.start() == 0)


def has_check_box(text: str) -> bool:
    """Tell whether a line begins with a box to check."""
    return _BOX.match(text) is not None


def _strip_right_mark(choice: str) -> tuple[str, bool]:
    box = _BOX.match(choice)
    is_right = box is not None and (box["box"] or box["sign"] or "") in _CHECKED
    text = choice[box.end() :] if box is not None else choice
    bare = _RIGHT_MARK.sub("", text)
    return bare.strip(), is_right or bare != text
