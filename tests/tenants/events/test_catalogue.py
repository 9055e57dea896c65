"""The types of events: one contract in code, in the API's document and in the guide."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from typing import Any, get_type_hints
from uuid import UUID, uuid4

import pytest
import yaml
from django.urls import resolve
from jsonschema import Draft202012Validator

from project.settings import BASE_DIR
from tenants.events.catalogue import DATA_CLASSES, EventType, build_data_schema, build_links
from tests.tenants.events.test_api import build_end

TYPES = list(EventType)


def build_example(event_type: EventType) -> dict[str, Any]:
    """Return data of the type as it is stored, of values as large as the columns that they come from."""
    kind = DATA_CLASSES[event_type]
    hints = get_type_hints(kind)
    values = {"status": "failed", "month": "2026-12", "reason": "gone"}
    given = {
        field.name: uuid4() if hints[field.name] is UUID else values.get(field.name, "x" * 50) for field in fields(kind)
    }
    return kind(**given | {name: True for name, hint in hints.items() if hint is bool}).encode()


@pytest.mark.parametrize("event_type", TYPES)
def test_data_is_thin_and_as_its_schema_says(event_type: EventType) -> None:
    data = build_example(event_type)
    told = {**data, "links": build_links(event_type, data)}

    Draft202012Validator(build_data_schema(event_type)).validate(told)
    assert set(told) == set(build_data_schema(event_type)["required"])
    assert len(json.dumps(told)) < 2_000


@pytest.mark.parametrize("event_type", TYPES)
def test_links_lead_to_routes_of_the_api(event_type: EventType) -> None:
    links = build_links(event_type, build_example(event_type))

    assert links
    for path in links.values():
        assert resolve(path.partition("?")[0]).url_name


def test_the_subject_is_a_field_of_the_data() -> None:
    for event_type, kind in DATA_CLASSES.items():
        assert kind.event_type is event_type
        assert kind.subject_field in {field.name for field in fields(kind)}
    assert build_end().get_subject_id().version == 7
    assert set(DATA_CLASSES) == set(EventType)


def test_the_document_and_the_guide_name_all_types_and_fields() -> None:
    document = yaml.load((BASE_DIR / "docs" / "api.yaml").read_bytes(), yaml.CSafeLoader)
    shapes = document["components"]["schemas"]["Event"]["properties"]["data"]["anyOf"]
    guide = (BASE_DIR / "docs" / "how-to" / "follow-events.md").read_text()
    rows = {row[0]: row[1] for row in re.findall(r"^\| `([a-z.]+)` \| .+ \| (.+) \|$", guide, re.MULTILINE)}

    assert {shape["title"] for shape in shapes} == {kind.__name__ for kind in DATA_CLASSES.values()}
    assert set(rows) == {event_type.value for event_type in EventType}
    for event_type, kind in DATA_CLASSES.items():
        named = re.findall(r"`(\w+)`", rows[event_type.value])
        assert named == [field.name.rstrip("_") for field in fields(kind)]


def test_links_of_a_type_of_another_version_are_none() -> None:
    assert build_links("lesson.read", {}) == {}
