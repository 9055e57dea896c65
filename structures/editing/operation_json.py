"""Operations as JSON values: what a person sends, and what a history keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any
from uuid import UUID

from structures.editing.errors import InvalidValue, LimitExceeded
from structures.editing.operations import (
    AddNode,
    AddNote,
    AddReference,
    ChangeField,
    DeleteNode,
    MergeNodes,
    MoveNode,
    Operation,
    RefuseCorrection,
    RemoveReference,
    ReorderChildren,
    SplitNode,
)
from structures.editing.operations.evidence import MAX_REFERENCES
from structures.editing.reference_json import (
    decode_identity,
    decode_reference,
    decode_uuid,
    encode_identity,
    encode_reference,
)
from structures.editing.references import ReferenceIdentity, TreeReference
from structures.editing.texts import require_text
from structures.editing.trees import MAX_NODES
from structures.engines.base.drafts import NodeType

Create = Callable[[], UUID]


def parse_operation(name: str, given: Mapping[str, Any], *, create_key: Create) -> Operation:
    """Return the operation of this name with these arguments. Raises InvalidValue and LimitExceeded.

    The keys of new nodes and notes may be left out: `create_key` gives them.
    """
    parse = _PARSERS.get(name)
    if parse is None:
        raise InvalidValue(
            f"There is no operation {name!r}.",
            code="unknown_operation",
            next_step=f"The operations are {', '.join(_PARSERS)}.",
        )
    arguments = _Arguments(name, given)
    operation = parse(arguments, create_key)
    arguments.refuse_others()
    return operation


def encode_operation(operation: Operation) -> dict[str, Any]:
    """Return the arguments of an operation as JSON values."""
    return {each.name: _encode_argument(getattr(operation, each.name)) for each in fields(operation)}  # type: ignore[arg-type]  # all are dataclasses


class _Arguments:
    """The arguments of one operation, read one by one by name."""

    def __init__(self, operation: str, given: Mapping[str, Any]) -> None:
        self._operation, self._given = operation, given
        self._known: set[str] = set()

    def get(self, name: str) -> Any:
        """Return what is given, None when nothing is."""
        self._known.add(name)
        return self._given.get(name)

    def read_key(self, name: str) -> UUID:
        if self.get(name) is None:
            raise InvalidValue(f"{self._operation} needs {name}.", code="missing_argument")
        return decode_uuid(name, self.get(name))

    def read_new_key(self, name: str, create: Create) -> UUID:
        return create() if self.get(name) is None else self.read_key(name)

    def read_text(self, name: str) -> str:
        if self.get(name) is None:
            raise InvalidValue(f"{self._operation} needs {name}.", code="missing_argument")
        return require_text(name, self.get(name))

    def read_position(self) -> int | None:
        given = self.get("position")
        if given is not None and (isinstance(given, bool) or not isinstance(given, int)):
            raise InvalidValue("position must be a whole number.")
        return given

    def read_index(self, name: str) -> int:
        given = self.get(name)
        if isinstance(given, bool) or not isinstance(given, int) or given < 0:
            raise InvalidValue(f"{name} must be a whole number from 0.")
        return given

    def read_list(self, name: str, *, limit: int) -> list[Any]:
        given = self.get(name)
        if given is None:
            return []
        if not isinstance(given, list | tuple):
            raise InvalidValue(f"{name} must be a list.")
        if len(given) > limit:
            raise LimitExceeded(f"{name} has {len(given)} items; {limit} are allowed.")
        return list(given)

    def read_keys(self, name: str) -> tuple[UUID, ...]:
        return tuple(decode_uuid(f"An item of {name}", item) for item in self.read_list(name, limit=MAX_NODES))

    def read_fields(self, name: str) -> dict[str, Any]:
        given = self.get(name)
        if given is None:
            return {}
        if not isinstance(given, Mapping):
            raise InvalidValue(f"{name} must be an object with fields of the node.")
        return dict(given)

    def read_node_type(self) -> NodeType:
        try:
            return NodeType(self.read_text("node_type"))
        except ValueError:
            raise InvalidValue(f"node_type must be one of {', '.join(NodeType)}.") from None

    def refuse_others(self) -> None:
        """Raise InvalidValue for an argument that nothing has read."""
        if unknown := sorted(self._given.keys() - self._known):
            raise InvalidValue(
                f"{self._operation} has no {unknown[0]}.",
                code="unknown_argument",
                next_step=f"It takes {', '.join(sorted(self._known))}.",
            )


def _parse_add_node(given: _Arguments, create: Create) -> AddNode:
    return AddNode(
        key=given.read_new_key("key", create),
        node_type=given.read_node_type(),
        parent=given.read_key("parent"),
        title=given.read_text("title"),
        position=given.read_position(),
        fields=given.read_fields("fields"),
        references=tuple(map(decode_reference, given.read_list("references", limit=MAX_REFERENCES))),
    )


def _parse_split(given: _Arguments, create: Create) -> SplitNode:
    return SplitNode(
        key=given.read_key("key"),
        new_key=given.read_new_key("new_key", create),
        title=given.read_text("title"),
        children=given.read_keys("children"),
        references=tuple(map(decode_identity, given.read_list("references", limit=MAX_REFERENCES))),
        fields=given.read_fields("fields"),
        remaining=given.read_fields("remaining"),
    )


_PARSERS: Mapping[str, Callable[[_Arguments, Create], Operation]] = {
    "change_field": lambda given, _: ChangeField(
        key=given.read_key("key"), field=given.read_text("field"), value=given.get("value")
    ),
    "add_node": _parse_add_node,
    "delete_node": lambda given, _: DeleteNode(key=given.read_key("key")),
    "move_node": lambda given, _: MoveNode(
        key=given.read_key("key"), parent=given.read_key("parent"), position=given.read_position()
    ),
    "reorder_children": lambda given, _: ReorderChildren(
        key=given.read_key("key"), children=given.read_keys("children")
    ),
    "split_node": _parse_split,
    "merge_nodes": lambda given, _: MergeNodes(
        into=given.read_key("into"), keys=given.read_keys("keys"), fields=given.read_fields("fields")
    ),
    "add_reference": lambda given, _: AddReference(
        key=given.read_key("key"), reference=decode_reference(given.get("reference"))
    ),
    "remove_reference": lambda given, _: RemoveReference(
        key=given.read_key("key"), identity=decode_identity(given.get("reference"))
    ),
    "add_note": lambda given, create: AddNote(
        key=given.read_key("key"), note=given.read_new_key("note", create), text=given.read_text("text")
    ),
    # `correction` is what the snapshot has at this place. Callers put it there, whatever was sent.
    "refuse_correction": lambda given, _: RefuseCorrection(
        index=given.read_index("index"), correction=given.read_fields("correction")
    ),
}

OPERATION_NAMES = tuple(_PARSERS)
"""The operations that can be asked for."""


def _encode_argument(value: Any) -> Any:
    match value:
        case UUID() | NodeType():
            return str(value)
        case TreeReference():
            return encode_reference(value)
        case ReferenceIdentity():
            return encode_identity(value)
        case tuple():
            return [_encode_argument(item) for item in value]
        case _:
            return value
