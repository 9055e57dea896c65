"""Numbers in messages, with the form of the words that goes with them."""

from __future__ import annotations


def format_count(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun: `1 comment`, `2,000 comments`. The `plural` is the noun with an s where blank."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def format_share(part: int, total: int, noun: str, plural: str = "") -> str:
    """Return a part of a whole with its noun: `1 of 3 lessons`, `0 of 1 lesson`."""
    return f"{part:,} of {format_count(total, noun, plural)}"


def choose_verb(singular: str, plural: str, *, part: int, total: int | None = None) -> str:
    """Return the form of a verb behind a number, or behind a share of a whole: `1 of 3 has`, `0 of 1 has`."""
    return singular if 1 in {part, total} else plural
