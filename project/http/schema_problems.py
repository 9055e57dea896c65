"""The problems that operations answer with: those that are usual, and how they stand in the OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rest_framework import serializers

from project.error_codes.catalogue import get_catalogue
from project.http.serializers import MAX_ERRORS

DESCRIPTIONS = {
    "400": "The request is malformed.",
    "401": "No key, or not one that works.",
    "402": "The money for models is used up.",
    "403": "The key lacks the scope, or the address is not signed for this.",
    "404": "There is no such thing for this tenant.",
    "406": "`Accept` admits none of the forms of the answer.",
    "408": "The body arrives too slowly.",
    "409": "Something else is in the way now.",
    "410": "The link was revoked, or has expired.",
    "411": "The length of the body is not announced.",
    "412": "It has changed since the version that `If-Match` names; `version` is the present one.",
    "413": "The body is too large, or there is no room for it.",
    "415": "The type of the body is not taken.",
    "422": "The input is not valid, or a rule forbids it.",
    "428": "`If-Match` is missing.",
    "429": "Too many requests; `Retry-After` says when to come back.",
    "500": "Something failed on our side.",
    "503": "Something that the server depends on is away; `Retry-After` says when to come back.",
}
_PLACEHOLDER = "x-problem-codes"
_KEY_CODES = {"invalid_key", "key_expired", "key_revoked", "not_authenticated", "tenant_suspended"}
# Of every operation below /api/v1/ that needs a key.
KEY_CODES = frozenset(
    {*_KEY_CODES, "scope_missing", "key_restricted", "client_ip_not_allowed", "not_acceptable", "rate_limited"}
)
# Of every operation: what may be wrong with a path or a query, and what may fail on our side.
COMMON_CODES = frozenset({"invalid_input", "unexpected", "database_unavailable", "storage_unavailable"})
PATH_CODES = frozenset({"not_found"})
BODY_CODES = frozenset(
    {
        "bad_request", "malformed_body", "body_incomplete", "body_too_slow", "length_required", "body_too_large",
        "too_many_transfers", "unsupported_media_type",
    }
)  # fmt: skip
# Of requests that may have an Idempotency-Key, or an If-Match that nobody would look at.
KEYED_CODES = frozenset(
    {"answer_lost", "request_running", "idempotency_key_invalid", "idempotency_key_reused", "if_match_not_supported"}
)


def group_by_status(codes: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the codes of each status, both in order."""
    catalogue = get_catalogue()
    pairs = sorted((str(status.value), code) for code in codes for status in catalogue[code].status)
    statuses = dict.fromkeys(status for status, _ in pairs)
    return {status: tuple(code for each, code in pairs if each == status) for status in statuses}


class FieldErrorSerializer(serializers.Serializer[Any]):
    """What is wrong with one value of the input."""

    pointer = serializers.CharField(help_text="JSON pointer into the input, such as `/title`.")
    code = serializers.CharField()
    detail = serializers.CharField()


class ProblemSerializer(serializers.Serializer[Any]):
    """An error (RFC 9457)."""

    type = serializers.CharField(
        help_text="The path of the page that explains the code, such as `/api/errors/not_found`."
    )
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="What happened and why.")
    instance = serializers.CharField()
    code = serializers.CharField(help_text="Stable, for programs.")
    request_id = serializers.CharField(help_text="Give it to the operator when you ask for help.")
    next_step = serializers.CharField(help_text="What to do about it.")
    errors = FieldErrorSerializer(  # type: ignore[assignment]  # a field named as DRF's property
        many=True, required=False, help_text=f"The first {MAX_ERRORS} of what is wrong with the input."
    )
    error_count = serializers.IntegerField(required=False, help_text="How many errors the input has.")


def build_placeholder(codes: tuple[str, ...]) -> dict[str, Any]:
    """Return what stands for problems with these codes until `expand_placeholders` is called."""
    return {_PLACEHOLDER: list(codes)}


def expand_placeholders(result: dict[str, Any], **_options: Any) -> dict[str, Any]:
    """Write the shapes of problems into the document (a hook of drf-spectacular).

    After the hook that gives each enumeration a name and a component: there would be hundreds of these.
    """
    schemas = result["components"]["schemas"]
    for name, schema in schemas.items():
        if _PLACEHOLDER in schema:
            code = {"type": "string", "enum": schema[_PLACEHOLDER]}
            schemas[name] = {
                "description": "A problem with one of these codes.",
                "allOf": [
                    {"$ref": "#/components/schemas/Problem"},
                    {"type": "object", "properties": {"code": code}, "required": ["code"]},
                ],
            }
    return result
