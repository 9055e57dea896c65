"""Types of arguments of more than one command."""

from __future__ import annotations

from argparse import ArgumentTypeError
from decimal import Decimal, InvalidOperation


def parse_dollars(word: str) -> Decimal:
    """Return an amount of at least 0. Raises ArgumentTypeError."""
    try:
        amount = Decimal(word)
    except InvalidOperation:
        raise ArgumentTypeError(f"{word!r} is not an amount in dollars") from None
    if not amount.is_finite() or amount < 0:
        raise ArgumentTypeError(f"{word!r} is not an amount in dollars")
    return amount
