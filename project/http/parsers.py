"""JSON bodies, read strictly: one object, no NaN, no key twice, no NUL, within bounds."""

from __future__ import annotations

import codecs
import json
import math
from collections.abc import Mapping, Sequence
from typing import IO, Any, NoReturn

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from project.errors import DomainError

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 32
# More than any number in this API; the time to read one grows with the square of its digits.
MAX_DIGITS = 1_000
# Names and values together: a bound for this module's own work (150,000 take a tenth of a second). The largest body
# that is meant to come, a new order of 10,000 nodes and 10,000 entries, has 20,004. Serializers have smaller bounds.
MAX_VALUES = 150_000


class BodyTooLarge(DomainError):
    """The body has more bytes than are read."""

    code = "body_too_large"
    status = 413
    next_step = "Send less at once. Files are uploaded, not put into JSON."


class StrictJSONParser(BaseParser):
    """Reads one JSON object of at most MAX_BYTES. Raises BodyTooLarge or ParseError for anything else."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        body = stream.read(MAX_BYTES + 1)
        if len(body) > MAX_BYTES:
            raise BodyTooLarge(f"A JSON body has at most {MAX_BYTES} bytes.")
        if not body.strip():
            return {}
        try:
            text = body.removeprefix(codecs.BOM_UTF8).decode("utf-8")
            value = json.loads(
                text,
                parse_constant=_reject_constant,
                parse_int=_parse_integer,
                parse_float=_parse_finite_float,
                object_pairs_hook=_build_object,
            )
        except UnicodeDecodeError:
            raise ParseError("The body is not UTF-8.") from None
        except RecursionError:
            raise ParseError(f"The body is nested more than {MAX_DEPTH} deep.") from None
        except ValueError as exc:
            raise ParseError(f"The body is not JSON: {exc}.") from None
        if not isinstance(value, dict):
            raise ParseError("The body must be a JSON object.")
        _validate_body(value)
        return value


def _reject_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _parse_integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError(f"a number has more than {MAX_DIGITS} digits")
    return int(digits)


def _parse_finite_float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits[:20]} is too large a number")
    return number


def _build_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object has the same key twice")
    return found


def _validate_body(body: dict[str, Any]) -> None:
    """Raise ParseError for a body that is nested too deep, holds too much, or has texts that nothing can store."""
    count = 0
    waiting: list[tuple[Any, int]] = [(body, 0)]
    while waiting:
        value, depth = waiting.pop()
        below: Sequence[Any] = ()
        if isinstance(value, str):
            _validate_text(value)
        elif isinstance(value, dict):
            below = (*value, *value.values())
        elif isinstance(value, list):
            below = value
        else:
            continue
        if depth >= MAX_DEPTH and below:
            raise ParseError(f"The body is nested more than {MAX_DEPTH} deep.")
        count += len(below)
        if count > MAX_VALUES:
            raise ParseError(f"The body has more than {MAX_VALUES} names and values.")
        waiting.extend((item, depth + 1) for item in below)


def _validate_text(text: str) -> None:
    if "\x00" in text:
        raise ParseError("The body has a NUL character in a text.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ParseError("The body has half of a surrogate pair in a text.") from None
