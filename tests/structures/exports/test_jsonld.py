"""Structures as courses of schema.org."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from materials.documents import Locator
from structures.engines.base.drafts import NodeType
from structures.exports.base import ExportedSnapshot
from structures.exports.json_checks import read_schema
from structures.exports.jsonld.descriptions import format_minutes
from structures.exports.jsonld.jsonld import JSONLDFormat
from structures.models import StructureSnapshot
from tests.structures.exports.courses import (
    TALK,
    ExampleNode,
    ExampleReference,
    build_hostile_course,
    build_node,
    build_plain_course,
    cite_talk,
)
from tests.structures.exports.test_formats import write


def read(snapshot: ExportedSnapshot, **options: bool) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(write(JSONLDFormat(), snapshot, **options))
    return document


def build_snapshot(*nodes: ExampleNode, address: str = "") -> ExportedSnapshot:
    return ExportedSnapshot(
        course=StructureSnapshot(title="Water"), modules=nodes, addresses={TALK: address} if address else {}
    )


def test_a_course_is_its_syllabus_with_goals_durations_concepts_and_what_comes_before() -> None:
    document = read(build_plain_course().build_snapshot(), quotes=True)
    hot, cold = document["syllabusSections"]
    heat, steam = hot["hasPart"]
    egg = heat["hasPart"][1]

    assert {name: document[name] for name in ("@context", "@type", "name", "description", "coursePrerequisites")} == {
        "@context": "https://schema.org", "@type": "Course", "name": "Water", "description": "About water.",
        "coursePrerequisites": ["A pot"],
    }  # fmt: skip
    assert document["teaches"] == [
        "Boil it.",
        {
            "@type": "DefinedTerm", "name": "Boiling", "description": "At 100 degrees.",
            "inDefinedTermSet": {"@type": "DefinedTermSet", "name": "Expected knowledge"},
        },
    ]  # fmt: skip
    assert [(each["@type"], each["name"], each["position"]) for each in (hot, cold, heat, steam, egg)] == [
        ("Syllabus", "Hot", 1), ("Syllabus", "Cold", 2), ("LearningResource", "Heat", 1),
        ("LearningResource", "Steam", 2),
        ("LearningResource", "Boil an egg", 1),
    ]  # fmt: skip
    assert {name: heat[name] for name in ("learningResourceType", "timeRequired", "abstract", "about")} == {
        "learningResourceType": "lesson", "timeRequired": "PT12M", "abstract": ["Hot."],
        "about": [{"@type": "Thing", "name": "Heat"}],
    }  # fmt: skip
    assert heat["competencyRequired"] == ["Fractions"]
    assert heat["hasPart"][0] == {"@type": "Question", "name": "Why?"}
    assert heat["isBasedOn"] == [
        {
            "@type": "Clip", "name": "Part/talk.mp4, 00:00–00:15", "startOffset": 0, "endOffset": 15,
            "text": "What is quoted.",
        }
    ]  # fmt: skip
    *goals, boiling = heat["teaches"]
    assert goals == ["Know heat.", "Use it."]
    assert (boiling["@type"], boiling["name"], boiling["description"]) == (
        "DefinedTerm", "Boiling point", "The temperature."
    )  # fmt: skip
    assert boiling["subjectOf"] == [{"@type": "CreativeWork", "name": "Part/book.pdf, p. 3", "text": "What is quoted."}]
    assert steam["educationalAlignment"] == [
        {"@type": "AlignmentObject", "alignmentType": "requires", "targetName": "heat", "targetUrl": heat["@id"]}
    ]
    assert (egg["learningResourceType"], egg["text"]) == ("exercise", "Do it.\n\n- now")
    assert (egg["educationalLevel"]["name"], egg["educationalLevel"]["inDefinedTermSet"]["name"]) == (
        "2", "Difficulty, 1 to 5"
    )  # fmt: skip
    assert "Ten minutes." not in json.dumps(document)


def test_evidence_in_a_recording_is_a_clip_with_its_seconds_and_its_address() -> None:
    backwards = ExampleReference("Part/talk.mp4", Locator(start_ms=9_000, end_ms=9_000), entry_id=TALK)
    concept = build_node(
        NodeType.CONCEPT, "Boiling", examples=["Tea"], references=[cite_talk(192_500, 460_000), backwards]
    )

    document = read(build_snapshot(concept, address="https://youtu.be/abc"))

    example, clip, point = document["teaches"][0]["subjectOf"]
    assert example == {"@type": "LearningResource", "learningResourceType": "example", "text": "Tea"}
    assert clip == {
        "@type": "Clip", "name": "Part/talk.mp4, 03:12–07:40", "startOffset": 192.5, "endOffset": 460,
        "url": "https://youtu.be/abc?t=192s",
    }  # fmt: skip
    assert (point["startOffset"], "endOffset" in point) == (9, False)


def test_lessons_and_exercises_outside_modules_and_modules_in_modules_keep_their_places() -> None:
    deep = build_node(NodeType.MODULE, "Deep", build_node(NodeType.EXERCISE, "Swim"))
    snapshot = build_snapshot(
        build_node(NodeType.LESSON, "First"),
        build_node(NodeType.MODULE, "All", deep),
        build_node(NodeType.EXERCISE, "Boil"),
    )

    document = read(snapshot)

    assert [(part["name"], part["position"]) for part in document["hasPart"]] == [("First", 1), ("Boil", 3)]
    (module,) = document["syllabusSections"]
    assert (module["position"], module["hasPart"][0]["@type"], module["hasPart"][0]["hasPart"][0]["name"]) == (
        2, "Syllabus", "Swim"
    )  # fmt: skip


def test_a_document_may_stand_in_a_page_whatever_titles_say() -> None:
    title = "</script><!-- & \x00\ufffe"
    content = write(JSONLDFormat(), build_snapshot(build_node(NodeType.LESSON, title))).decode()

    assert not set("<>&") & set(content)
    assert json.loads(content)["hasPart"][0]["name"] == "</script><!-- & \ufffd\ufffd"


def list_identifiers(value: Any) -> set[str]:
    if isinstance(value, list):
        return {each for inner in value for each in list_identifiers(inner)}
    if not isinstance(value, dict):
        return set()
    own = {value["@id"]} if "@id" in value else set()
    return own | {each for inner in value.values() for each in list_identifiers(inner)}


def test_identifiers_are_keys_and_stay_when_titles_and_order_change() -> None:
    course = build_hostile_course()
    before = list_identifiers(read(course.build_snapshot()))
    for node in course.build_snapshot().walk_nodes():
        node.row.title += " again"  # type: ignore[misc]  # a row of an example
    course.modules.reverse()

    after = list_identifiers(read(course.build_snapshot()))

    assert after == before
    assert {f"urn:uuid:{node.row.key}" for node in course.build_snapshot().walk_nodes()} < after


def test_losses_are_what_the_document_does_not_say() -> None:
    snapshot = build_plain_course().build_snapshot()
    snapshot.modules[0].row.unproved = [{"field": "title"}]  # type: ignore[misc]  # a row of an example

    losses = {(loss.title, loss.field) for loss in JSONLDFormat().list_losses(snapshot, {"quotes": True})}

    links = {(node.row.title, "references.link") for node in snapshot.walk_nodes() if node.references}
    assert losses == links | {
        ("Hot", "arranged_by"), ("Hot", "unproved"), ("Heat", "minutes_basis"), ("Steam", "prerequisites.places"),
        ("Boil an egg", "reference_solution"), ("Boil an egg", "grading_criteria"),
    }  # fmt: skip


def test_quotes_are_there_by_the_option_or_lost() -> None:
    snapshot = build_plain_course().build_snapshot()

    losses = [loss.field for loss in JSONLDFormat().list_losses(snapshot, {"quotes": False})]

    assert "What is quoted." not in json.dumps(read(snapshot))
    assert losses.count("references.quote") == sum(1 for node in snapshot.walk_nodes() if node.references)


def test_durations_are_of_iso_8601() -> None:
    assert [format_minutes(minutes) for minutes in (1, 60, 90, 1500)] == ["PT1M", "PT1H", "PT1H30M", "PT25H"]


def test_its_schema_is_one() -> None:
    Draft202012Validator.check_schema(read_schema("schema-org-course-1.json"))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"@type":"Course"', '"@type":"Corse"', "'Course' was expected"),
        ('"@context":"https://schema.org"', '"@context":"http://example.org"', "'https://schema.org' was expected"),
        ('"@id":"urn:uuid:', '"@id":"urn:other:', "does not match"),
        ('"timeRequired":"PT12M"', '"timeRequired":"12 min"', "does not match"),
        ('"startOffset":0', '"startOffset":-1', "less than the minimum"),
        ('"startOffset":0', '"startOffset":15', "ends when it begins"),
        ('"name":"Water"', '"nome":"Water"', "'nome' was unexpected"),
        ('"name":"Water"', '"name":"<Water"', "markup in a page"),
        (
            '"targetUrl":"urn:uuid:',
            '"targetUrl":"urn:uuid:00000000-0000-0000-0000-000000000000","x":"',
            "'x' was unexpected",
        ),
    ],
)
def test_its_validator_finds_each_fault(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = tmp_path / "course.jsonld"
    content = write(JSONLDFormat(), build_plain_course().build_snapshot()).decode()
    assert old in content
    path.write_text(content.replace(old, new, 1))

    report = JSONLDFormat().validate(path)

    assert report.exit == 1
    assert any(said in message for message in report.messages), report.messages


def test_identifiers_that_are_twice_there_or_lead_nowhere_and_depth_are_findings(tmp_path: Path) -> None:
    path = tmp_path / "course.jsonld"
    document = read(build_plain_course().build_snapshot())
    heat, steam = document["syllabusSections"][0]["hasPart"]
    heat["@id"] = steam["@id"]
    path.write_text(json.dumps(document))

    messages = JSONLDFormat().validate(path).messages

    assert any("2 things have this identifier" in message for message in messages)
    assert any("nothing has this identifier" in message for message in messages)
    path.write_text("[" * 100_000)
    assert JSONLDFormat().validate(path).messages == ("It is nested too deeply to be checked.",)
