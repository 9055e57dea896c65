"""The OpenAPI document: the problems that each operation may answer with, and how a key is sent."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers

from project.http.serializers import MAX_ERRORS


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
    """Adds to each operation the problems that it may answer."""

    _DESCRIPTIONS: ClassVar[dict[str, str]] = {
        "400": "The request is malformed.",
        "401": "No key, or not one that works.",
        "403": "The key lacks the scope.",
        "404": "There is no such thing for this tenant.",
        "409": "Something else is in the way now.",
        "411": "The length of the body is not announced.",
        "413": "The body is too large.",
        "415": "The type of the body is not taken.",
        "422": "The input is not valid, or a rule forbids it.",
        "429": "Too many requests; `Retry-After` says when to come back.",
        "500": "Something failed on our side.",
        "503": "The store of the files is away; `Retry-After` says when to come back.",
    }

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        answers = super()._get_response_bodies(direction)
        for status in self._list_problem_statuses():
            if status not in answers:
                answer = OpenApiResponse(ProblemSerializer, description=self._DESCRIPTIONS[status])
                answers[status] = self._get_response_for_code(  # type: ignore[no-untyped-call]  # has no types
                    answer, status, media_types=["application/problem+json"]
                )
        return answers

    def _list_problem_statuses(self) -> list[str]:
        if not self.view.authentication_classes:
            return ["500"]
        always = ["401", "403", "422", "429", "500"]
        named = ["404"] if "{" in self.path else []
        body = ["400", "404", "409", "411", "413", "415", "503"] if self.method in {"POST", "PATCH", "PUT"} else []
        return sorted({*always, *named, *body})


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # the base class has no types
    """The two ways to send a key."""

    target_class = "tenants.authentication.ApiKeyAuthentication"
    name = ["apiKey", "bearer"]  # as the base class has it

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        return [
            {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            {"type": "http", "scheme": "bearer"},
        ]
