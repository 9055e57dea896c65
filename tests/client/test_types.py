"""The types of the client follow the document of the API."""

from __future__ import annotations

import typing
from typing import Any

import pytest

from project.client.coursewright_client import types
from tests.openapi import read_document

SCHEMAS = {
    "FailureJson": "JobError", "MeJson": "Me", "KeyJson": "Key", "IssuedKeyJson": "IssuedKey",
    "EventJson": "Event", "EventPageJson": "EventPage",
    "NodeJson": "Node", "EntryJson": "Entry", "TreeJson": "CourseTree",
    "ProgressJson": "Progress", "JobJson": "JobDetail", "EntryCountsJson": "EntryCounts", "JobCountsJson": "JobCounts",
    "NodeProgressJson": "NodeProgress", "StageCountJson": "StageCount", "JobFailureJson": "JobFailure",
    "NodeStatusJson": "NodeStatus", "PartJson": "Part", "UploadJson": "UploadProgress",
    "LocatorJson": "Locator", "ReferenceJson": "Reference", "StructureNodeJson": "StructureNode",
    "SnapshotSummaryJson": "SnapshotSummary", "SnapshotJson": "Snapshot", "FoundEntryJson": "FoundEntry",
    "FoundJson": "Found", "WorkingCopyJson": "WorkingCopy", "WorkingTreeJson": "_Tree",
    "WorkingCopyStateJson": "WorkingCopyState", "StepJson": "Step", "ExportedFileJson": "ExportedFile",
    "LossesJson": "Losses", "ValidationJson": "Validation", "ExportJson": "Export", "CostRowJson": "CostRow",
    "CostsJson": "Costs", "UsageJson": "Usage",
}  # fmt: skip
PRIMITIVES = {str: "string", int: "integer", bool: "boolean", type(None): "null"}


@pytest.fixture(scope="module")
def schemas() -> dict[str, Any]:
    found: dict[str, Any] = read_document()["components"]["schemas"]
    return found


def list_kinds(schema: dict[str, Any], schemas: dict[str, Any]) -> set[str]:
    """Return the JSON types that a value may have; none when the document leaves it open."""
    if "$ref" in schema:
        return list_kinds(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    for joined in ("allOf", "oneOf", "anyOf"):
        if joined in schema:
            return set().union(*(list_kinds(each, schemas) for each in schema[joined])) | (
                {schema["type"]} if "type" in schema else set()
            )
    kind = schema.get("type", [])
    return {kind} if isinstance(kind, str) else set(kind)


def list_annotated_kinds(annotation: Any) -> set[str]:
    origin = typing.get_origin(annotation)
    if origin is typing.Literal:
        return {"string"}
    if origin is not None and type(None) in typing.get_args(annotation):
        return set().union(*(list_annotated_kinds(each) for each in typing.get_args(annotation)))
    if origin is list:
        return {"array"}
    return {PRIMITIVES.get(annotation, "object")}


def test_every_type_is_compared() -> None:
    written = {name for name, found in vars(types).items() if name.endswith("Json") and isinstance(found, type)}

    assert written == set(SCHEMAS)


@pytest.mark.parametrize("name", SCHEMAS)
def test_members_are_those_of_the_document(name: str, schemas: dict[str, Any]) -> None:
    properties = schemas[SCHEMAS[name]]["properties"]
    annotations = typing.get_type_hints(getattr(types, name))

    assert set(annotations) <= set(properties)
    differing = {
        member: (list_annotated_kinds(annotation), kinds)
        for member, annotation in annotations.items()
        if (kinds := list_kinds(properties[member], schemas)) and kinds != list_annotated_kinds(annotation)
    }
    assert differing == {}


def test_words_are_those_of_the_document(schemas: dict[str, Any]) -> None:
    assert set(typing.get_args(types.JobStatus)) == set(schemas["JobStatusEnum"]["enum"])
    assert set(typing.get_args(types.EntryState)) == set(schemas["EntryStateEnum"]["enum"])
    assert set(typing.get_args(types.NodeType)) == set(schemas["NodeTypeEnum"]["enum"])
