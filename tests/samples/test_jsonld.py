"""Courses of schema.org in pages, found by extruct and held against shapes: make test-exports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import extruct
import pytest
from pyshacl import validate
from rdflib import Graph

from structures.exports.base import ExportedSnapshot
from structures.exports.jsonld.jsonld import JSONLDFormat
from tests.samples.test_exports import COURSES, load_course
from tests.structures.exports.courses import build_hostile_course, build_plain_course
from tests.structures.exports.test_formats import write

SHAPES = Path(__file__).parent / "schema_org_course.ttl"
# Of rdflib's own use of its class.
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
# In the place of the context of schema.org, which is not fetched: its terms, and those that are addresses.
CONTEXT = {
    "@vocab": "https://schema.org/", "url": {"@type": "@id"}, "targetUrl": {"@type": "@id"}
}  # fmt: skip


def extract_course(snapshot: ExportedSnapshot) -> dict[str, Any]:
    """Return what extruct finds in a page that holds the document."""
    document = write(JSONLDFormat(), snapshot, quotes=True).decode()
    page = f'<!DOCTYPE html><title>Course</title><script type="application/ld+json">{document}</script><p>After it</p>'
    (found,) = extruct.extract(page, syntaxes=["json-ld"])["json-ld"]
    assert found == json.loads(document)
    return dict(found)


def find_violations(document: dict[str, Any]) -> str:
    """Return what the shapes say against a document; blank when it conforms."""
    assert document["@context"] == "https://schema.org"
    graph = Graph().parse(data=json.dumps({**document, "@context": CONTEXT}), format="json-ld")
    conforms, _, text = validate(graph, shacl_graph=Graph().parse(SHAPES))
    return "" if conforms else text


@pytest.mark.parametrize("course", COURSES, ids=lambda each: each.name)
def test_a_sample_course_is_found_in_a_page_and_conforms(course: Path) -> None:
    assert find_violations(extract_course(load_course(course))) == ""


@pytest.mark.parametrize("build", [build_plain_course, build_hostile_course])
def test_an_example_course_is_found_in_a_page_and_conforms(build: Any) -> None:
    assert find_violations(extract_course(build().build_snapshot())) == ""


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ('"@type": "Course"', '"@type": "Corse"', "type"),
        ('"startOffset": 0,', '"startOffset": 99,', "startOffset"),
        ('"startOffset": 0,', "", "startOffset"),
        ('"timeRequired": "PT12M"', '"timeRequired": "12 minutes"', "timeRequired"),
        ('"position": 2', '"position": "second"', "position"),
        ('"name": "Boiling point",', "", "name"),
        ('"alignmentType": "requires"', '"alignmentType": "needs"', "alignmentType"),
        ('"@id": "urn:uuid:', '"@id": "urn:other:', "Identified"),
    ],
)
def test_the_shapes_find_what_is_wrong(old: str, new: str, path: str) -> None:
    text = json.dumps(extract_course(build_plain_course().build_snapshot()))
    assert old in text

    assert path in find_violations(json.loads(text.replace(old, new, 1)))
