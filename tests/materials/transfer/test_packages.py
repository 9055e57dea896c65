"""Course packages through the API: the tree, its order and titles are those of the package."""

from __future__ import annotations

import json
from typing import Any

import pytest

from materials.documents import Contents, ContentsItem
from materials.models import MaterialEntry, MaterialNode
from materials.tree.services import create_node
from project.storage.objects import get_object_storage
from tenants.models import Tenant
from tests.conftest import Api, Stored, drain
from tests.materials.transfer.course_packages import CANVAS, EPUB_2, EPUB_3, MOODLE, OLX, SAKAI, SCORM_12, page
from tests.materials.transfer.test_import import imported, items, outline, packed

TREES: dict[str, tuple[Any, list[Any]]] = {
    "Common Cartridge 1.1 of Canvas": (
        CANVAS,
        [
            "SUMMARY.md",
            (
                "Flowing/Standing Water",
                ["What is a river?.html", ("Further", ["Deltas.html", "River data: live"])],
            ),
            ("Ice", ["1. Glaciers.html", "Have you seen one?.html", "Check yourself.xml"]),
            ("Other files", ["Spare questions.xml", "measure-a-river.html"]),
        ],
    ),
    "Common Cartridge 1.0 of Moodle": (
        MOODLE,
        [
            "SUMMARY.md",
            ("Tema 1. Los ríos", ["El ciclo del agua.html"]),
            ("Tema 2. El hielo", ["Glaciares.html", "Debate.html"]),
        ],
    ),
    "Common Cartridge 1.3 of Sakai": (
        SAKAI,
        [
            "SUMMARY.md",
            ("Week 1", [("Reading", ["Rivers.html"]), ("Doing", ["A task.html"])]),
            ("Week 2", [("Ice", ["Ice.html", "more.html"])]),
        ],
    ),
    "SCORM 1.2": (SCORM_12, ["SUMMARY.md", "Ice.html", ("Rivers", ["How rivers flow.html", "Where they end.html"])]),
    "EPUB 3": (
        EPUB_3,
        [
            "SUMMARY.md",
            (
                "Part I: Flowing water",
                ["Part I: Flowing water.xhtml", "Deltas.xhtml", ("Rivers", ["Rivers.xhtml", "Rivers (2).xhtml"])],
            ),
            ("Part II: Ice", ["Glaciers.xhtml"]),
            ("Other files", ["cover.xhtml"]),
        ],
    ),
    "EPUB 2": (EPUB_2, ["SUMMARY.md", "Річки.html", "Льодовики.html"]),
    "OLX": (
        OLX,
        [
            "SUMMARY.md",
            (
                "Module 1: Rivers",
                [
                    ("Flow", ["A film.srt", ("What flows", ["What flows.html", "Where it ends.xml"])]),
                    ("Deltas", ["Deltas.html", "Far away"]),
                ],
            ),
            ("Module 2: Ice", [("Moving ice", ["Glaciers.html"])]),
            ("Other files", [("static", ["handout.md"])]),
        ],
    ),
}


@pytest.mark.parametrize("kind", TREES)
def test_the_tree_has_the_titles_and_the_order_of_the_package(
    api: Api, acme: Tenant, course: MaterialNode, stored: Stored, kind: str
) -> None:
    files, tree = TREES[kind]

    report = imported(api(acme), course.pk, packed(files))

    assert report["package"].startswith(kind.partition(" of ")[0].replace("OLX", "Open edX"))
    assert outline(api(acme), course.pk) == tree


def test_the_same_tree_comes_from_a_package_in_a_folder(
    api: Api, acme: Tenant, course: MaterialNode, stored: Stored
) -> None:
    inside = {f"export/{path}": data for path, data in MOODLE.items()}

    imported(api(acme), course.pk, packed(inside), "?unwrap=false")

    assert outline(api(acme), course.pk) == TREES["Common Cartridge 1.0 of Moodle"][1]


def test_a_package_that_is_sent_twice_adds_nothing(
    api: Api, acme: Tenant, course: MaterialNode, stored: Stored
) -> None:
    imported(api(acme), course.pk, packed(MOODLE))

    report = imported(api(acme), course.pk, packed(MOODLE))

    assert (report["nodes"], report["files"]["taken"], report["files"]["same"]) == (0, 0, 4)


def test_links_and_topics_become_entries_with_what_they_say(
    api: Api, acme: Tenant, course: MaterialNode, stored: Stored
) -> None:
    imported(api(acme), course.pk, packed(CANVAS))

    link = MaterialEntry.objects.get(name="River data: live")
    assert link.source_url == "https://example.org/rivers?x=1&y=2"
    topic = MaterialEntry.objects.get(name="Have you seen one?.html")
    with get_object_storage().open(topic.object_key) as file:
        assert "<p>Tell where you have seen a glacier.</p>" in file.read().decode()


def test_texts_of_one_page_are_one_entry_and_transcripts_are_captions(
    api: Api, acme: Tenant, course: MaterialNode, stored: Stored
) -> None:
    imported(api(acme), course.pk, packed(OLX))

    text = MaterialEntry.objects.get(name="What flows.html")
    with get_object_storage().open(text.object_key) as file:
        html = file.read().decode()
    assert "<p>A river is a stream" in html
    assert "<h2>Why it flows</h2>\n<p>Water flows" in html
    film = MaterialEntry.objects.get(name="A film.srt")
    with get_object_storage().open(film.object_key) as file:
        assert file.read().decode().startswith("1\n00:00:00,000 --> 00:00:02,500\nRivers & lakes.\n")
    assert MaterialEntry.objects.get(name="Far away").source_url == "https://example.org/delta.mp4"


def test_what_is_no_material_is_reported_with_its_reason(
    api: Api, acme: Tenant, course: MaterialNode, stored: Stored
) -> None:
    report = imported(api(acme), course.pk, packed(CANVAS))

    skipped = {item["path"]: item["code"] for item in items(api(acme), report, outcome="skipped")}
    assert skipped["Ice/Ice Lab"] == "package_resource_missing"
    assert skipped["Ice/Map tool"] == "external_tool"
    assert skipped["imsmanifest.xml"] == "package_description"
    assert skipped["web_resources/river.png"] == "type_unsupported"


def test_the_language_of_a_package_fills_that_of_its_node(
    api: Api, acme: Tenant, course: MaterialNode, stored: Stored
) -> None:
    other = create_node(tenant=acme, title="Other", language="fr")

    imported(api(acme), course.pk, packed(MOODLE))
    imported(api(acme), other.pk, packed(MOODLE))

    course.refresh_from_db()
    other.refresh_from_db()
    assert (course.language, other.language) == ("es", "fr")


@pytest.mark.usefixtures("stored")
def test_a_quiz_that_canvas_writes_twice_is_taken_once_with_all_its_questions(
    api: Api, acme: Tenant, course: MaterialNode
) -> None:
    whole = str(CANVAS["g79/assessment_qti.xml"])

    report = imported(api(acme), course.pk, packed({**CANVAS, "non_cc_assessments/g79.xml.qti": whole}))

    assert MaterialEntry.objects.filter(name__startswith="Check yourself").get().name == "Check yourself.qti"
    skipped = {item["path"]: item["code"] for item in items(api(acme), report, outcome="skipped")}
    assert skipped["g79/assessment_qti.xml"] == "package_twin"


def test_what_is_protected_against_copying_is_said(
    api: Api, acme: Tenant, course: MaterialNode, stored: Stored
) -> None:
    encryption = (
        '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" '
        'xmlns:e="http://www.w3.org/2001/04/xmlenc#"><e:EncryptedData>'
        '<e:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/>'
        '<e:CipherData><e:CipherReference URI="OEBPS/b.html"/></e:CipherData></e:EncryptedData></encryption>'
    )

    report = imported(api(acme), course.pk, packed({**EPUB_2, "META-INF/encryption.xml": encryption}))

    assert outline(api(acme), course.pk) == ["SUMMARY.md", "Річки.html"]
    assert "protected against copying" in report["warnings"][0]
    assert report["reasons"]["file_encrypted"] == 2


@pytest.mark.usefixtures("stored")
def test_an_h5p_package_is_one_quiz(api: Api, acme: Tenant, course: MaterialNode) -> None:
    content = {
        "question": "<p>Where does a river end?</p>",
        "answers": [{"text": "At its mouth", "correct": True}, {"text": "At its source", "correct": False}],
    }
    manifest = {"title": "Rivers/streams", "mainLibrary": "H5P.MultiChoice", "preloadedDependencies": []}
    archive = packed(
        {"h5p.json": json.dumps(manifest), "content/content.json": json.dumps(content), "content/images/a.png": "x"}
    )

    report = imported(api(acme), course.pk, archive)
    drain()

    (entry,) = MaterialEntry.objects.with_job()
    assert (entry.name, entry.format, entry.state) == ("Rivers-streams.h5p", "quiz", "ready")
    assert report["files"]["taken"] == 1


def list_lines(contents: Contents) -> list[Any]:
    def build(item: ContentsItem) -> Any:
        return (item.title, item.target, [build(child) for child in item.children])

    return [build(item) for item in contents.items]


@pytest.mark.usefixtures("stored")
def test_the_contents_lead_to_the_entries_under_the_titles_of_the_package(
    api: Api, acme: Tenant, course: MaterialNode
) -> None:
    imported(api(acme), course.pk, packed(CANVAS))
    drain()

    contents = MaterialEntry.objects.get(name="SUMMARY.md").build_contents()

    assert contents is not None
    assert contents.title == "Water on Earth"
    river, further = list_lines(contents)[0][2]
    assert river == ("What is a river?", "Flowing/Standing Water/What is a river?.html", [])
    assert further == (
        "Further",
        "",
        [
            ("Deltas", "Flowing/Standing Water/Further/Deltas.html", []),
            ("River data: live", "Flowing/Standing Water/Further/River data: live", []),
        ],
    )


@pytest.mark.usefixtures("stored")
def test_a_damaged_manifest_is_named_and_the_files_are_taken_as_they_lie(
    api: Api, acme: Tenant, course: MaterialNode
) -> None:
    report = imported(api(acme), course.pk, packed({"imsmanifest.xml": "<manifest>", "a/b.html": page("B", "Text.")}))

    assert outline(api(acme), course.pk) == ["imsmanifest.xml", ("a", ["b.html"])]
    assert "'imsmanifest.xml' is no valid XML" in report["warnings"][0]


@pytest.mark.usefixtures("stored")
def test_a_manifest_with_a_fault_is_read_as_far_as_it_can_be(api: Api, acme: Tenant, course: MaterialNode) -> None:
    manifest = str(MOODLE["imsmanifest.xml"]).replace("Los ríos", "Ríos & lagos")

    report = imported(api(acme), course.pk, packed({**MOODLE, "imsmanifest.xml": manifest}))

    assert ("Tema 2. El hielo", ["Glaciares.html", "Debate.html"]) in outline(api(acme), course.pk)
    assert "is no valid XML" in report["warnings"][0]


@pytest.mark.usefixtures("stored")
def test_a_course_from_a_package_can_be_exported_and_imported_again(
    api: Api, acme: Tenant, course: MaterialNode
) -> None:
    other = create_node(tenant=acme, title="Other")
    imported(api(acme), course.pk, packed(CANVAS))

    exported: Any = api(acme).get(f"/api/v1/nodes/{course.pk}/materials.zip")
    imported(api(acme), other.pk, b"".join(exported.streaming_content))

    assert outline(api(acme), other.pk) == outline(api(acme), course.pk)


@pytest.mark.usefixtures("stored")
def test_entities_that_a_manifest_declares_are_refused(api: Api, acme: Tenant, course: MaterialNode) -> None:
    bomb = '<!DOCTYPE m [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><manifest><organizations/>&b;</manifest>'

    report = imported(api(acme), course.pk, packed({"imsmanifest.xml": bomb, "b.html": page("B", "Text.")}))

    assert "declares entities" in report["warnings"][0]


@pytest.mark.usefixtures("stored")
def test_paths_that_lead_out_of_a_package_lead_nowhere(api: Api, acme: Tenant, course: MaterialNode) -> None:
    manifest = (
        "<manifest><organizations><organization><item><item identifierref='r'><title>Out</title></item>"
        "<item identifierref='s'><title>In</title></item></item></organization></organizations><resources>"
        "<resource identifier='r' type='webcontent' href='../../etc/passwd'/>"
        "<resource identifier='s' type='webcontent' href='b.html'/></resources></manifest>"
    )

    report = imported(api(acme), course.pk, packed({"imsmanifest.xml": manifest, "b.html": page("B", "Text.")}))

    assert outline(api(acme), course.pk) == ["SUMMARY.md", "In.html"]
    assert {item["path"]: item["code"] for item in items(api(acme), report, outcome="skipped")} == {
        "Out": "package_file_missing",
        "imsmanifest.xml": "package_description",
    }
