"""Courses of Open edX that break one rule each, with what our own rules say of it and its name in olxcleaner."""

from __future__ import annotations

import gzip
import re
import tarfile
from dataclasses import replace
from functools import cache
from io import BytesIO

from structures.engines.base.drafts import NodeType
from structures.exports.base import ExportedSnapshot
from structures.exports.olx.olx import OLXFormat
from tests.structures.exports.courses import TALK, build_node, build_plain_course, cite_talk
from tests.structures.exports.test_formats import write

QUIZ = build_node(
    NodeType.EXERCISE, "Ends", description="Where does a river end?\n\n- At its source\n- At its <mouth>\n- Nowhere",
    reference_solution="At its <mouth>\n\nWater flows down.", references=[cite_talk(1, 2)],
)  # fmt: skip


def build_snapshot(address: str = "https://example.org/talk.mp4") -> ExportedSnapshot:
    """Return the plain course with a quiz and a talk that has an address."""
    course = build_plain_course()
    course.modules.append(build_node(NodeType.MODULE, "Rivers", QUIZ))
    return replace(course.build_snapshot(), addresses={TALK: address})


def unpack_tar(content: bytes) -> dict[str, bytes]:
    """Return the files of a course by their paths in it."""
    with tarfile.open(fileobj=BytesIO(content)) as archive:
        return {
            member.name.removeprefix("course/"): archive.extractfile(member).read()  # type: ignore[union-attr]  # a file
            for member in archive
        }


def pack_tar(files: dict[str, bytes], top: str = "course/") -> bytes:
    """Return an archive of files that are in one folder."""
    out = BytesIO()
    with gzip.open(out, "w") as packed, tarfile.open(fileobj=packed, mode="w") as archive:
        for path, content in files.items():
            info = tarfile.TarInfo(top + path)
            info.size = len(content)
            archive.addfile(info, BytesIO(content))
    return out.getvalue()


def break_course(path: str, old: str, new: str) -> bytes:
    """Return the course with what matches a pattern replaced in the first file below a path that has it.

    A blank pattern stands for the whole of every file below the path, which goes, or is added when there is none.
    """
    files = dict(_write_course())
    pattern = re.compile(old.encode(), re.DOTALL)
    if not old and not new:
        assert [files.pop(name) for name in list(files) if name.startswith(path)]
    elif not old:
        files[path] = new.encode()
    else:
        changed = next(name for name in files if name.startswith(path) and pattern.search(files[name]))
        files[changed] = pattern.sub(new.encode(), files[changed], count=1)
    return pack_tar(files)


@cache
def _write_course() -> dict[str, bytes]:
    return unpack_tar(write(OLXFormat(), build_snapshot()))


COURSE, GRADING = "course/export.xml", "policies/export/grading_policy.json"
POLICY = "policies/export/policy.json"
PROBLEM = r"<multiplechoiceresponse>.*</multiplechoiceresponse>"
BROKEN = [
    ("course.xml", "", "", "course.xml: it is missing", "CourseXMLDoesNotExist"),
    ("course.xml", "<course ", "<!DOCTYPE course [<!ENTITY a 'b'>]><course ", "declares", ""),
    ("course.xml", ' org="coursewright"', "", "organisation", "InvalidPointer"),
    ("course.xml", ' url_name="export"', "", "organisation", "NoRunName"),
    ("course.xml", 'url_name="export"', 'url_name="other"', "course/other.xml: it is missing", "FileDoesNotExist"),
    (COURSE, "<course>", "<chapter>", "no XML", "InvalidXML"),
    (COURSE, "<course>.*</course>", "<chapter/>", "its root is `chapter`", "TagMismatch"),
    (COURSE, "<course>.*</course>", '<course url_name="export" org="o" course="c"/>', "`org`", "SelfPointer"),
    (COURSE, "<course>", "<course>text", "it holds text", "UnexpectedContent"),
    (COURSE, "<course>", '<course><vertical url_name="a"/>', "it holds `vertical`", "UnexpectedTag"),
    (COURSE, "<chapter ", '<chapter display_name="a" ', "no block leads to it", "InvalidPointer"),
    (COURSE, 'url_name="chapter-', 'url_name="none-', "it is missing", "FileDoesNotExist"),
    (COURSE, 'url_name="chapter-', 'url_name="chapter:', "is no name", "NonFlatURLName"),
    (COURSE, "(<chapter [^>]*>)", r"\1\1", "has this name", "DuplicateURLName"),
    ("chapter/chapter-0.xml", "", '<chapter display_name="a"/>', "no block leads to it", ""),
    ("chapter/", "<chapter ", '<chapter url_name="other" ', "the name 'other'", "URLNameMismatch"),
    ("chapter/", ' display_name="Hot"', "", "it has no title", "MissingDisplayName"),
    ("chapter/", 'display_name="Hot"', 'display_name="Hot" start="never"', "`start`", "InvalidSetting"),
    ("chapter/", 'display_name="Hot"', 'display_name="Hot" due="2001-01-01"', "`due`", "DateOrdering"),
    ("chapter/", '<sequential url_name="[^"]*"', "<sequential", "is no name", "MissingURLName"),
    ("chapter/", "<vertical.*?</vertical>.*?</sequential>", "</sequential>", "it is empty", "InvalidPointer"),
    ("problem/", "<problem .*</problem>", '<problem display_name="a"/>', "it is empty", "EmptyTag"),
    ("chapter/", "<html ", '<discussion url_name="d" tag="d"/><html ', "holds `discussion`", "InvalidSetting"),
    ("chapter/", "<html ", '<lti url_name="l" display_name="l"/><html ', "it holds `lti`", "LTIError"),
    ("chapter/", 'filename="html-', 'filename="none-', "it is missing", "FileDoesNotExist"),
    ("chapter/", 'filename="html-', 'filename="a:html-', "leads to no file", "NonFlatFilename"),
    ("chapter/", '(filename="html-[^"]*").*filename="html-[^"]*"', r"\1 /><html url_name='x' display_name='x' \1",
     "another page leads", "DuplicateHTMLName"),
    ("chapter/", 'filename="html-([^"]*)"/>', r'filename="html-\1">a</html>', "content besides", "PossibleHTMLPointer"),
    ("chapter/", ' youtube_id_1_0=""', "", "a video of its own", ""),
    ("chapter/", ' youtube_id_1_0=""', ' youtube_id_1_0="a b"', "is none", ""),
    ("chapter/", "https://example.org", "ftp://example.org", "on the web", ""),
    ("chapter/", '<source src="[^"]*"/>', "", "it has no address", ""),
    ("chapter/", 'start_time="00:00:00"', 'start_time="0"', "a time is none", ""),
    ("chapter/", 'start_time="00:00:00"', 'start_time="00:01:00"', "ends before it begins", ""),
    ("chapter/", 'src="transcript-', 'src="none-', "it is missing", ""),
    ("chapter/", 'language="en" ', "", "transcript without language", ""),
    ("html/", "<div ", "<div", "no HTML", "InvalidHTML"),
    ("html/", "</div>", '<a href="/static/none.pdf">a</a></div>', "'/static/none.pdf'", "MissingFile"),
    ("html/", "</div>", '<a href="/jump_to_id/none">a</a></div>', "'/jump_to_id/none'", "BadJumpToLink"),
    ("html/", "</div>", '<a href="/course/courseware/none">a</a></div>', "/courseware/none'", "BadCourseLink"),
    ("html/", "</div>", "<script>a()</script></div>", "`script`", ""),
    ("html/html-0.html", "", "<p>a</p>", "no block leads to it", ""),
    ("problem/", "<problem ", "<problem", "no XML", "InvalidXML"),
    ("problem/", "<problem ", '<problem showanswer="sometimes" ', "`showanswer`", "InvalidSetting"),
    ("problem/", "<label>", "<script>a()</script><label>", "`script`", ""),
    ("problem/", PROBLEM, "<stringresponse/>", "stringresponse", ""),
    ("problem/", 'correct="true"', 'correct="false"', "none of its choices", ""),
    ("problem/", 'correct="false"', 'correct="true"', "several where one", ""),
    ("problem/", ' correct="true"', "", "does not say of each", ""),
    ("problem/", "<choice .*</choice>", '<choice correct="true">a</choice>', "too few choices", ""),
    ("problem/", "Nowhere", "", "a choice is blank", ""),
    (POLICY, "", "", "policy.json: it is missing", "PolicyNotFound"),
    (POLICY, r"^\{", "", "no JSON", "BadPolicy"),
    (POLICY, r"^\{.*\}", "[]", "no JSON with an object", "BadPolicyFormat"),
    (POLICY, r"^\{", '{"chapter/none": {},', "other than the settings", "PolicyRefNotFound"),
    (POLICY, "course/export", "chapter/export", "other than the settings", "WrongObjectType"),
    (POLICY, r"\{.*\}", '{"course/export": 1}', "other than the settings", "BadEntry"),
    (POLICY, '"start"', '"org": "other", "start"', "the settings are not", "SettingOverride"),
    (POLICY, ' "end": "[^"]*",', "", "the settings are not", "InvalidSetting"),
    (POLICY, "2040-01-01T00:00:00Z", "never", "the dates are none", "InvalidSetting"),
    (POLICY, "2040", "2020", "ends before it begins", "DateOrdering"),
    (POLICY, "course_image.png", "none.png", "no image static/none.png", "MissingFile"),
    (GRADING, "", "", "grading_policy.json: it is missing", "PolicyNotFound"),
    (GRADING, r'"GRADER": \[.*\]', '"GRADER": []', "or an empty one", "GradingPolicyIssue"),
    (GRADING, '"weight": 1.0', '"weight": 0.5', "add up to one", "GradingPolicyIssue"),
    (GRADING, '"weight": 1.0', '"weight": "1"', "add up to one", "GradingPolicyIssue"),
    (GRADING, '"min_count": 1', '"min_count": 0', "min_count", "GradingPolicyIssue"),
    (GRADING, '"drop_count": 0', '"drop_count": -1', "drop_count", "GradingPolicyIssue"),
    (GRADING, '"short_label": "HW"', '"short_label": 1', "short_label", "GradingPolicyIssue"),
    (GRADING, r"(\{[^{}]*\})(\s*\])", r"\1, \1\2", "or two have one", "GradingPolicyIssue"),
    (GRADING, '"Pass": 0.5', '"Pass": 2', "GRADE_CUTOFFS", "GradingPolicyIssue"),
    (GRADING, '"Pass": 0.5', '"Q": 0.5', "GRADE_CUTOFFS", "GradingPolicyIssue"),
    (GRADING, '"Pass": 0.5', "", "GRADE_CUTOFFS", "GradingPolicyIssue"),
    ("other.txt", "", "text", "of a kind that no course has", ""),
]  # fmt: skip
# What olxcleaner finds and nobody could write into an archive of this program without breaking another rule first.
NOT_APPLICABLE = {
    "CourseXMLName": "It is of the name that the program is called with.",
    "ExtraDisplayName": "Of blocks that may not be in a unit here.",
    "DuplicateID": "Of discussions, which may not be in a unit here.",
    "Obsolete": "Of discussions and tools, which may not be in a unit here.",
    "PointerAlreadyPointedAt": "The file of a block has no other name than the block.",
    "PossiblePointer": "Of a block and a file of one name, which no block leads to.",
}
