"""The OpenAPI document: what each operation says of its scope, idempotency and problems, and how a key is sent."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent, force_instance, is_serializer
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema_field
from rest_framework import serializers
from rest_framework.permissions import SAFE_METHODS

from project.error_codes.catalogue import get_catalogue
from project.http import schema_problems
from project.http.deprecation import get_deprecation
from project.http.idempotency import IDEMPOTENCY_KEY, KEYED_METHODS, MAX_KEY_LENGTH
from project.http.preconditions import needs_if_match, takes_if_match
from project.http.schema_examples import add_examples
from project.http.schema_problems import DESCRIPTIONS, ProblemSerializer, build_placeholder, group_by_status
from project.http.serializers import StrictSerializer

_Action = TypeVar("_Action", bound=Callable[..., Any])
_IDEMPOTENCY_KEY = OpenApiParameter(
    IDEMPOTENCY_KEY,
    {"type": "string", "minLength": 1, "maxLength": MAX_KEY_LENGTH, "pattern": "^[ -~]*$"},
    OpenApiParameter.HEADER,
    description="A new UUID for each request. The same request with the same key has its effect once: it gets the "
    "first answer again, with `Idempotent-Replayed: true`.",
)
LAST_EVENT_ID = OpenApiParameter(
    "Last-Event-ID",
    {"type": "string", "pattern": "^[0-9]{1,19}$"},
    OpenApiParameter.HEADER,
    description="The last `id` that the client has seen. Another one than ours counts as none.",
)
NOTHING_NEW = "Nothing has happened since `Last-Event-ID`, and nothing will: do not come again."
_IF_MATCH = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="The `ETag` of the version that is changed: another one answers 412. `*` is any.",
)
_REQUIRED_IF_MATCH = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description="The `ETag` of the version that is changed. `*` is any.",
)
_IF_NONE_MATCH = {
    "in": "header",
    "name": "If-None-Match",
    "schema": {"type": "string"},
    "description": "The `ETag` of an earlier answer: 304 without a body when nothing has changed since.",
}
_ETAG = {"ETag": {"schema": {"type": "string"}, "description": "The version of what is read."}}
_FIRST_SENTENCE = re.compile(r"(?<=\.)\s")
# What `x-idempotency` may be, and what the description says of it.
_IDEMPOTENCY = {
    "safe": "changes nothing",
    "key": "has its effect once for each `Idempotency-Key`",
    "idempotent": "has the same effect when it is sent again",
}


def declare_children_of(component: str) -> Any:
    """Return a decorator for a list field: its items have the shape of the component that it is part of."""
    items = {"$ref": f"#/components/schemas/{component}"}
    return extend_schema_field({"type": "array", "items": items, "description": "Items of this same shape."})


def declare_problems(*codes: str) -> Callable[[_Action], _Action]:
    """Return a decorator for an action of a view that may answer problems which are not usual for its method.

    Takes codes of `project/error_codes`, which says with which status each is answered. Raises ValueError for others.
    """
    catalogue = get_catalogue()
    for code in codes:
        if code.isdigit():
            raise ValueError(
                f"declare_problems takes codes, not the status {code}: 412 is 'version_changed', 428 "
                "'if_match_required', 402 'budget_exceeded', 410 'link_closed', 429 'too_many_transfers'; of 404, 409 "
                "and 422 name the codes that the action answers with."
            )
        if code not in catalogue or not catalogue[code].status:
            raise ValueError(f"Describe the code {code!r}, with its status, in a file of project/error_codes first.")

    def decorate(action: _Action) -> _Action:
        action.problem_codes = codes  # type: ignore[attr-defined]  # functions take attributes
        return action

    return decorate


class DescribedSchema(AutoSchema):
    """Adds to each operation its summary, scope, idempotency, examples and problems, and closes bodies of requests."""

    def get_operation(self, *args: Any, **options: Any) -> dict[str, Any] | None:
        """Return the operation with its examples; of one that reads JSON, with its ETag and the condition for it."""
        operation: dict[str, Any] | None = super().get_operation(*args, **options)
        if operation is not None:
            # An operation that needs no key says so.
            operation.setdefault("security", [])
            add_examples(operation)
            if self.method == "GET" and self.path.startswith("/api/v1/"):
                _add_etag(operation)
        return operation

    def get_summary(self) -> str:
        """Return the first sentence of what the view says of the operation."""
        said: str = super().get_description()
        return _FIRST_SENTENCE.split(" ".join(said.split()), maxsplit=1)[0].removesuffix(".")

    def get_description(self) -> str:  # type: ignore[override]  # as drf-spectacular has it
        """Return what the view says of the operation, its scope, and what comes of sending it twice."""
        said: str = super().get_description()
        scope = self._find_scope()
        needs = f"Needs a key with the scope `{scope}`" if scope else "Needs no key: the address itself opens it"
        twice = f"{needs}; {_IDEMPOTENCY[self._classify_idempotency()]}."
        deprecation = get_deprecation(self._get_action())
        return "\n\n".join(filter(None, [said, twice, deprecation.describe() if deprecation else ""]))

    def get_extensions(self) -> dict[str, Any]:
        """Return the scope and the idempotency for programs."""
        return {"x-scope": self._find_scope() or "none", "x-idempotency": self._classify_idempotency()}

    def is_deprecated(self) -> bool:
        """Tell whether the operation is going to be removed."""
        return get_deprecation(self._get_action()) is not None

    def get_override_parameters(self) -> list[Any]:
        """Return the parameters that the view declares, with the key by which a request may be sent again."""
        declared: list[Any] = super().get_override_parameters()
        action = self._get_action()
        if takes_if_match(action):
            declared = [*declared, _REQUIRED_IF_MATCH if needs_if_match(action) else _IF_MATCH]
        return [*declared, _IDEMPOTENCY_KEY] if self._is_keyed() else declared

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        shape = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        if direction == "request" and isinstance(force_instance(serializer), StrictSerializer):  # type: ignore[no-untyped-call]
            shape["additionalProperties"] = False
        return shape

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        answers = super()._get_response_bodies(direction)
        # Outside the API a browser gets problems as a page.
        media_types = ["application/problem+json", *([] if self.path.startswith("/api/") else ["text/html"])]
        for status, codes in group_by_status(self._list_problem_codes()).items():
            if status not in answers:
                answer = OpenApiResponse(ProblemSerializer, description=DESCRIPTIONS[status])
                answers[status] = self._get_response_for_code(  # type: ignore[no-untyped-call]  # has no types
                    answer, status, media_types=media_types
                )
                answers[status]["content"][media_types[0]]["schema"] = self._resolve_problem(status, codes)
        return answers

    def _resolve_problem(self, status: str, codes: tuple[str, ...]) -> dict[str, str]:
        """Return a reference to the shape of these problems, which operations share that have no others of a status."""
        usual = group_by_status(self._list_usual_codes(has_object=True)).get(status)
        if len(codes) == 1:
            name = f"{_to_class_name(codes[0])}Problem"
        elif codes == usual:
            kind = "Write" if self._is_keyed() else "Read" if self.method in SAFE_METHODS else "Signed"
            name = f"{kind}Problem{status}"
        else:
            name = f"{_to_class_name(self.get_operation_id())}Problem{status}"
        component = ResolvedComponent(  # type: ignore[no-untyped-call]
            name, ResolvedComponent.SCHEMA, build_placeholder(codes), object=name
        )
        self.registry.register_on_missing(component)
        return component.ref

    def _list_problem_codes(self) -> set[str]:
        usual = self._list_usual_codes(has_object="{" in self.path or self._find_named_object())
        action = self._get_action()
        conditional = [
            *(["version_changed"] if takes_if_match(action) else []),
            *(["if_match_required"] if needs_if_match(action) else []),
        ]
        return {*usual, *conditional, *getattr(action, "problem_codes", ())}

    def _list_usual_codes(self, *, has_object: bool) -> set[str]:
        codes = set(schema_problems.COMMON_CODES)
        if self.view.authentication_classes:
            codes |= schema_problems.KEY_CODES
        if has_object:
            codes |= schema_problems.PATH_CODES
        if self.method in {"POST", "PATCH", "PUT"}:
            # A body may name another object, too, which may not be there.
            codes |= schema_problems.BODY_CODES | schema_problems.PATH_CODES
        if self._is_keyed():
            codes |= schema_problems.KEYED_CODES
        return codes

    def _find_named_object(self) -> bool:
        """Tell whether a parameter of the query is an object's id."""
        parameters = self.get_override_parameters()
        serializers_ = [force_instance(each) for each in parameters if is_serializer(each)]  # type: ignore[no-untyped-call]
        return any(isinstance(field, serializers.UUIDField) for each in serializers_ for field in each.fields.values())

    def _get_action(self) -> Any:
        return getattr(self.view, getattr(self.view, "action", None) or self.method.lower(), None)

    def _is_keyed(self) -> bool:
        return self.method in KEYED_METHODS and self.path.startswith("/api/v1/")

    def _classify_idempotency(self) -> str:
        if self.method in SAFE_METHODS:
            return "safe"
        return "key" if self._is_keyed() else "idempotent"

    def _find_scope(self) -> str:
        """Return the weakest scope that opens the operation; an empty text when it needs no key."""
        if not self.view.authentication_classes:
            return ""
        usual = getattr(self.view, "read_scope" if self.method in SAFE_METHODS else "write_scope")
        action = getattr(self.view, "action", None) or self.method.lower()
        scope: StrEnum = getattr(self.view, "action_scopes", {}).get(action, usual)
        return scope.value


def _add_etag(operation: dict[str, Any]) -> None:
    read = operation["responses"].get("200", {})
    if "application/json" in read.get("content", {}):
        operation.setdefault("parameters", []).append(_IF_NONE_MATCH)
        read.setdefault("headers", {}).update(_ETAG)
        unchanged = {"description": "The client has the version that `If-None-Match` names.", "headers": _ETAG}
        operation["responses"] = dict(sorted({**operation["responses"], "304": unchanged}.items()))


def _to_class_name(name: str) -> str:
    return "".join(part.title() for part in re.split(r"\W|_", name))


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
