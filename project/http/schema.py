"""The OpenAPI document: the problems that each operation may answer with, and how a key is sent."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import force_instance, is_serializer
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema_field
from rest_framework import serializers

from project.http.idempotency import IDEMPOTENCY_KEY, KEYED_METHODS, MAX_KEY_LENGTH
from project.http.serializers import MAX_ERRORS, StrictSerializer

_Action = TypeVar("_Action", bound=Callable[..., Any])
_IDEMPOTENCY_KEY = OpenApiParameter(
    IDEMPOTENCY_KEY,
    {"type": "string", "minLength": 1, "maxLength": MAX_KEY_LENGTH, "pattern": "^[ -~]*$"},
    OpenApiParameter.HEADER,
    description="A new UUID for each request. The same request with the same key has its effect once: it gets the "
    "first answer again, with `Idempotent-Replayed: true`.",
)
_FIRST_SENTENCE = re.compile(r"(?<=\.)\s")


def declare_children_of(component: str) -> Any:
    """Return a decorator for a list field: its items have the shape of the component that it is part of."""
    items = {"$ref": f"#/components/schemas/{component}"}
    return extend_schema_field({"type": "array", "items": items, "description": "Items of this same shape."})


def declare_problems(*statuses: str) -> Callable[[_Action], _Action]:
    """Return a decorator for an action of a view that may answer problems which are not usual for its method."""

    def decorate(action: _Action) -> _Action:
        action.problem_statuses = statuses  # type: ignore[attr-defined]  # functions take attributes
        return action

    return decorate


class FieldErrorSerializer(serializers.Serializer[Any]):
    """What is wrong with one value of the input."""

    pointer = serializers.CharField(help_text="JSON pointer into the input, such as `/title`.")
    code = serializers.CharField()
    detail = serializers.CharField()


class ProblemSerializer(serializers.Serializer[Any]):
    """An error (RFC 9457)."""

    type = serializers.CharField()
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


class ProblemSchema(AutoSchema):
    """Adds to each operation its summary and the problems that it may answer, and closes the bodies of requests."""

    _DESCRIPTIONS: ClassVar[dict[str, str]] = {
        "400": "The request is malformed.",
        "401": "No key, or not one that works.",
        "402": "The money for models is used up.",
        "403": "The key lacks the scope.",
        "404": "There is no such thing for this tenant.",
        "408": "The body arrives too slowly.",
        "409": "Something else is in the way now.",
        "410": "The link was revoked, or has expired.",
        "411": "The length of the body is not announced.",
        "412": "It has changed since the version that `If-Match` names; `version` is the present one.",
        "413": "The body is too large.",
        "415": "The type of the body is not taken.",
        "422": "The input is not valid, or a rule forbids it.",
        "428": "`If-Match` is missing.",
        "429": "Too many requests; `Retry-After` says when to come back.",
        "500": "Something failed on our side.",
        "503": "The store of the files is away; `Retry-After` says when to come back.",
    }

    def get_summary(self) -> str:
        """Return the first sentence of the operation's description."""
        description: str = self.get_description()
        return _FIRST_SENTENCE.split(" ".join(description.split()), maxsplit=1)[0].removesuffix(".")

    def get_override_parameters(self) -> list[Any]:
        """Return the parameters that the view declares, with the key by which a request may be sent again."""
        declared: list[Any] = super().get_override_parameters()
        is_keyed = self.method in KEYED_METHODS and self.path.startswith("/api/v1/")
        return [*declared, _IDEMPOTENCY_KEY] if is_keyed else declared

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        shape = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        if direction == "request" and isinstance(force_instance(serializer), StrictSerializer):  # type: ignore[no-untyped-call]
            shape["additionalProperties"] = False
        return shape

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        answers = super()._get_response_bodies(direction)
        action = getattr(self.view, getattr(self.view, "action", None) or self.method.lower(), None)
        # Outside the API a browser gets problems as a page.
        media_types = ["application/problem+json", *([] if self.path.startswith("/api/") else ["text/html"])]
        for status in sorted({*self._list_problem_statuses(), *getattr(action, "problem_statuses", ())}):
            if status not in answers:
                answer = OpenApiResponse(ProblemSerializer, description=self._DESCRIPTIONS[status])
                answers[status] = self._get_response_for_code(  # type: ignore[no-untyped-call]  # has no types
                    answer, status, media_types=media_types
                )
        return answers

    def _list_problem_statuses(self) -> list[str]:
        named = ["404"] if "{" in self.path else []
        if not self.view.authentication_classes:
            # What is signed is refused by 403; pages that are open to everybody have no id in their path.
            signed = ["403", "422"] if named else []
            sent = ["408", "409", "411", "413", "503"] if self.method == "PUT" else []
            busy = ["429"] if named else []  # as many transfers are in progress as may be
            return sorted({"500", *named, *signed, *busy, *sent})
        # A query may name another object, too, which may not be there.
        named += ["404"] if self._find_named_object() else []
        always = ["401", "403", "422", "429", "500", *(["409"] if self.method == "DELETE" else [])]
        body = (
            ["400", "404", "408", "409", "411", "413", "415", "503"] if self.method in {"POST", "PATCH", "PUT"} else []
        )
        return sorted({*always, *named, *body})

    def _find_named_object(self) -> bool:
        """Tell whether a parameter of the query is an object's id."""
        parameters = self.get_override_parameters()
        serializers_ = [force_instance(each) for each in parameters if is_serializer(each)]  # type: ignore[no-untyped-call]
        return any(isinstance(field, serializers.UUIDField) for each in serializers_ for field in each.fields.values())


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # the base class has no types
    """The two ways to send a key."""

    target_class = "tenants.authentication.ApiKeyAuthentication"
    name = ["apiKey", "bearer"]  # as the base class has it

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        return [  # of the names, in the same order
            {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            {"type": "http", "scheme": "bearer"},
        ]

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[str]]]:
        """Return one requirement a way: one object with both would ask for both at once."""
        return [{name: []} for name in self.name]
