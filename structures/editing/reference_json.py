"""References of keyed trees as JSON values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from materials.contents import decode_words_place, encode_locator
from materials.documents import Locator, WordsPlace
from structures.editing.errors import InvalidValue
from structures.editing.references import KeyedPrerequisite, ReferenceIdentity, TreeReference
from structures.editing.texts import require_text

# The largest of the columns that hold a locator's numbers.
_MAX_NUMBER = 2**63 - 1
_LOCATOR_NUMBERS = ("page", "slide", "start_ms", "end_ms")


def encode_reference(reference: TreeReference) -> dict[str, Any]:
    """Return a reference in the shape that the API shows, with the fingerprint of its entry."""
    return {
        "entry": str(reference.entry_id),
        "entry_name": reference.entry_name,
        "entry_path": reference.entry_path,
        "entry_fingerprint": reference.entry_fingerprint,
        "chunk": str(reference.chunk_id),
        "locator": encode_locator(reference.locator),
        "quote": reference.quote,
        "machine_written": reference.machine_written,
    }


def decode_reference(given: Any) -> TreeReference:
    """Return the reference that `encode_reference` wrote, or that a person sends. Raises InvalidValue."""
    fields = _require_mapping("A reference", given)
    return TreeReference(
        entry_id=decode_uuid("entry", fields.get("entry")),
        chunk_id=decode_uuid("chunk", fields.get("chunk")),
        quote=_decode_quote(fields.get("quote")),
        locator=decode_locator(fields.get("locator", {})),
        machine_written=fields.get("machine_written") is True,
        entry_name=require_text("entry_name", fields.get("entry_name", "")),
        entry_path=require_text("entry_path", fields.get("entry_path", "")),
        entry_fingerprint=require_text("entry_fingerprint", fields.get("entry_fingerprint", "")),
    )


def encode_identity(identity: ReferenceIdentity) -> dict[str, Any]:
    """Return what identifies a reference as JSON values: of the locator all but where the words stand."""
    return {
        "entry": str(identity.entry_id),
        "locator": encode_locator(replace(identity.locator, words=None)),
        "quote": identity.quote,
    }


def decode_identity(given: Any) -> ReferenceIdentity:
    """Return what `encode_identity` wrote. Raises InvalidValue."""
    fields = _require_mapping("A reference", given)
    return ReferenceIdentity(
        decode_uuid("entry", fields.get("entry")),
        decode_locator(fields.get("locator", {})),
        _decode_quote(fields.get("quote")),
    )


def encode_prerequisite(prerequisite: KeyedPrerequisite) -> dict[str, Any]:
    """Return a prerequisite in the shape that the API shows; `lesson` is a key."""
    return {
        "term": prerequisite.term,
        "lesson": str(prerequisite.lesson),
        "definition": encode_reference(prerequisite.definition),
        "use": encode_reference(prerequisite.use),
    }


def decode_prerequisite(given: Any) -> KeyedPrerequisite:
    """Return what `encode_prerequisite` wrote. Raises InvalidValue."""
    fields = _require_mapping("A prerequisite", given)
    return KeyedPrerequisite(
        term=require_text("term", fields.get("term")),
        lesson=decode_uuid("lesson", fields.get("lesson")),
        definition=decode_reference(fields.get("definition")),
        use=decode_reference(fields.get("use")),
    )


def decode_locator(given: Any) -> Locator:
    """Return the locator of which `encode_locator` wrote the fields that are set. Raises InvalidValue."""
    fields = _require_mapping("locator", given)
    if unknown := fields.keys() - {*_LOCATOR_NUMBERS, "heading_path", "fragment", "words"}:
        raise InvalidValue(f"A locator has no {min(map(str, unknown))}.")
    headings = fields.get("heading_path") or ()
    if not isinstance(headings, list | tuple):
        raise InvalidValue("heading_path must be a list.")
    fragment = fields.get("fragment")
    page, slide, start_ms, end_ms = (_decode_number(name, fields.get(name)) for name in _LOCATOR_NUMBERS)
    return Locator(
        page=page,
        slide=slide,
        start_ms=start_ms,
        end_ms=end_ms,
        heading_path=tuple(require_text("A heading", heading) for heading in headings),
        fragment=None if fragment is None else require_text("fragment", fragment),
        words=_decode_words(fields.get("words")),
    )


def decode_uuid(name: str, given: Any) -> UUID:
    """Return the UUID that is given as one, or as text. Raises InvalidValue."""
    if isinstance(given, UUID):
        return given
    try:
        return UUID(given)
    except (TypeError, ValueError, AttributeError):
        raise InvalidValue(f"{name} must be a UUID.") from None


def _decode_quote(given: Any) -> str:
    quote = require_text("quote", given)
    if not quote.strip():
        raise InvalidValue("A reference must have a quote.")
    return quote


def _decode_words(given: Any) -> WordsPlace | None:
    """Return the place of words that is stored, or that a person sends back as it was shown. Raises InvalidValue."""
    if given is None:
        return None
    fields = _require_mapping("words", given)
    try:
        return decode_words_place({name: value for name, value in fields.items() if value is not None})
    except (TypeError, ValueError):
        raise InvalidValue("words must be as a reference shows them, or left out.") from None


def _decode_number(name: str, given: Any) -> int | None:
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given <= _MAX_NUMBER:
        raise InvalidValue(f"{name} must be a whole number that is not negative.")
    return given


def _require_mapping(name: str, given: Any) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise InvalidValue(f"{name} must be an object.")
    return given
