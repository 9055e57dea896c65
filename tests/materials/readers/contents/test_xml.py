"""Contents files in XML: IMS and SCORM manifests, OLX, EPUB."""

from __future__ import annotations

import io

import pytest

from materials.documents import Format
from materials.readers.format_problem import FormatProblem
from materials.readers.formats import detect_format, find_format_by_name
from tests.materials.readers.contents.files import outline, read_contents
from tests.materials.readers.contents.test_yaml import refuse
from tests.materials.readers.texts import read_as


def test_a_common_cartridge_has_one_blank_item_around_all() -> None:
    found = read_contents(
        "imsmanifest.xml",
        """<?xml version="1.0" encoding="UTF-8"?>
<manifest identifier="M" xmlns="http://www.imsglobal.org/xsd/imsccv1p3/imscp_v1p1"
  xmlns:lomimscc="http://ltsc.ieee.org/xsd/imsccv1p3/LOM/manifest">
  <metadata><lomimscc:lom><lomimscc:general><lomimscc:title><lomimscc:string>Вода</lomimscc:string>
  </lomimscc:title></lomimscc:general></lomimscc:lom></metadata>
  <organizations><organization identifier="O" structure="rooted-hierarchy"><item identifier="root">
    <item identifier="i1"><title>Module 1</title>
      <item identifier="i2" identifierref="r1"><title>Ice &amp; snow</title></item>
      <item identifier="i3" identifierref="r2"><title>Quiz</title></item>
      <item identifier="i4" identifierref="gone"><title>Lost</title></item>
    </item></item></organization></organizations>
  <resources>
    <resource identifier="r1" type="webcontent" href="wiki_content/ice%20and%20snow.html"><file href="x"/></resource>
    <resource identifier="r2" type="imsqti_xmlv1p2/imscc_xmlv1p3/assessment"><file href="q/assessment.xml"/></resource>
  </resources>
</manifest>""",
    )

    assert found.title == "Вода"
    assert outline(found.items) == [
        ("Module 1", ["Ice & snow -> wiki_content/ice and snow.html", "Quiz -> q/assessment.xml", "Lost"]),
    ]  # fmt: skip


def test_scorm_has_a_default_organization_and_bases() -> None:
    found = read_contents(
        "imsmanifest.xml",
        """<manifest xmlns="http://www.imsproject.org/xsd/imscp_rootv1p1p2"
  xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_rootv1p2" xmlns:xml="http://www.w3.org/XML/1998/namespace">
<organizations default="B">
 <organization identifier="A"><title>Other</title>
  <item identifier="x" identifierref="R"><title>No</title></item></organization>
 <organization identifier="B"><title>Golf</title>
  <item identifier="y" isvisible="true" identifierref="R" parameters="?p=1"><title>Playing</title></item></organization>
</organizations>
<resources xml:base="shared/">
<resource identifier="R" adlcp:scormtype="sco" xml:base="golf/" href="launch.html?a=1#top"/>
</resources></manifest>""",
    )

    assert (found.title, outline(found.items)) == ("Golf", ["Playing -> shared/golf/launch.html#top"])


def test_a_package_without_an_organization_has_its_resources() -> None:
    found = read_contents(
        "imsmanifest.xml",
        '<manifest><organizations/><resources><resource identifier="a" href="a.pdf"/><resource identifier="b"/>'
        '<resource identifier="c"><file href="c.html"/></resource></resources></manifest>',
    )

    assert outline(found.items) == ["a.pdf", "c.html"]


@pytest.mark.parametrize(
    ("xml", "reason"),
    [
        ('<!DOCTYPE m [<!ENTITY a "b">]><manifest>&a;</manifest>', "entities"),
        ('<!DOCTYPE m SYSTEM "file:///etc/passwd"><manifest/>', "neither items nor resources"),
        ("<manifest><a>", "not valid XML (line 1)"),
        ("<manifest>" + "<a>" * 300 + "</a>" * 300 + "</manifest>", "not valid XML"),
    ],
)
def test_hostile_xml_is_refused(xml: str, reason: str) -> None:
    assert reason in refuse("imsmanifest.xml", xml)


def test_olx_in_a_file_for_each_part() -> None:
    pointer = read_contents("course.xml", '<course url_name="run" org="Org" course="Water"/>')
    course = read_contents(
        "run.xml",
        '<course display_name="Water"><chapter url_name="c1"/><wiki slug="x"/><chapter url_name="c2"/></course>',
    )
    chapter = read_contents("c1.xml", '<chapter display_name="Тиждень 1"><sequential url_name="s:1"/></chapter>')
    vertical = read_contents(
        "v.xml",
        """<vertical display_name="Unit"><html url_name="h1"/><problem url_name="p1"/>
        <video url_name="v1"/><done display_name="Done?" url_name="d" align="right"/></vertical>""",
    )
    html = read_contents("h1.xml", '<html filename="h1" display_name="Text" editor="raw"/>')
    video = read_contents(
        "v1.xml",
        """<video display_name="Talk" youtube="1.00:abcDEF" url_name="v1" html5_sources="[]">
        <source src="https://example.org/talk.mp4"/><source src="/static/talk.mp4"/>
        <track src="/static/talk_en.srt"/><transcript language="uk" src="talk_uk.srt"/></video>""",
    )

    assert outline(pointer.items) == ["course/run.xml"]
    assert (course.title, outline(course.items)) == ("Water", ["../chapter/c1.xml", "../chapter/c2.xml"])
    assert (chapter.title, outline(chapter.items)) == ("Тиждень 1", ["../sequential/s/1.xml"])
    assert outline(vertical.items) == ["../html/h1.xml", "../problem/p1.xml", "../video/v1.xml", "Done?"]
    assert (html.title, outline(html.items)) == ("Text", ["../html/h1.html"])
    assert outline(video.items) == [
        "https://example.org/talk.mp4", "../static/talk.mp4", "https://www.youtube.com/watch?v=abcDEF",
        "../static/talk_uk.srt", "../static/talk_en.srt",
    ]  # fmt: skip


OLX_IN_ONE_FILE = """<course org="Org" course="W" url_name="r" display_name="Water">
  <chapter display_name="One" url_name="c"><sequential display_name="Lesson" url_name="s">
    <vertical display_name="Page" url_name="v">
      <html display_name="Intro" filename="intro" url_name="i"/>
      <html display_name="Inline"><p>Text that stands here.</p></html>
      <problem display_name="Quiz"><p>?</p></problem>
    </vertical></sequential></chapter></course>"""


def test_olx_in_one_file() -> None:
    found = read_contents("course.xml", OLX_IN_ONE_FILE)

    assert read_as(Format.CONTENTS, OLX_IN_ONE_FILE).warnings == (
        "2 texts and problems stand in this file and cannot be read from it: "
        "a course that Studio exports has a file for each.",
    )
    assert found.title == "Water"
    assert outline(found.items) == [
        ("One", [("Lesson", [("Page", ["Intro -> html/intro.html", "Inline", "Quiz"])])]),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "xml"),
    [
        ("feed.xml", "<rss><channel/></rss>"),
        ("book.xml", "<chapter xmlns='http://docbook.org/ns/docbook'><title>T</title></chapter>"),
        ("page.xml", '<html xmlns="http://www.w3.org/1999/xhtml"><body/></html>'),
        ("x.xml", "no xml"),
    ],
)
def test_other_xml_is_refused_as_before(name: str, xml: str) -> None:
    with pytest.raises(FormatProblem, match="a data file, not a quiz"):
        detect_format(io.BytesIO(xml.encode()), name)


def test_names_alone_tell_what_an_import_may_take() -> None:
    for path in ("x/mkdocs.yml", "sidebars.js", "week 1/_category_.json", "book/toc.ncx"):
        assert find_format_by_name(path) is None
    for path in ("policies/run/policy.json", "x/settings.yml", "x/main.js"):
        with pytest.raises(FormatProblem):
            find_format_by_name(path)
    assert find_format_by_name("SUMMARY.md") is Format.MARKDOWN
    assert find_format_by_name("a/chapter/1f.xml") is Format.QUIZ  # or contents: its root decides


def test_epub_navigation_of_both_versions() -> None:
    nav = read_contents(
        "nav.xhtml",
        """<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"><head><title>x</title></head><body>
<nav epub:type="landmarks"><ol><li><a href="c.xhtml">Cover</a></li></ol></nav>
<nav id="toc" epub:type="toc"><h1>Indice</h1><ol>
<li><span>Parte&nbsp;prima</span><ol><li><a href="text/ch1.xhtml#a"><em>Acqua</em> e sale</a></li></ol></li>
<li><a href="text/ch2.xhtml">Fine</a></li></ol></nav></body></html>""",
    )
    ncx = read_contents(
        "toc.ncx",
        """<?xml version="1.0"?><!DOCTYPE ncx PUBLIC "-//NISO//DTD ncx 2005-1//EN" "http://www.daisy.org/z3986/2005/ncx-2005-1.dtd">
<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/" version="2005-1"><docTitle><text>Acqua</text></docTitle><navMap>
<navPoint id="a" playOrder="1"><navLabel><text>Uno</text></navLabel><content src="Text/1.html"/>
<navPoint id="b" playOrder="2"><navLabel><text>Due</text></navLabel><content src="Text/1.html#b"/></navPoint></navPoint>
</navMap></ncx>""",
    )

    assert outline(nav.items) == [
        ("Parte prima", ["Acqua e sale -> text/ch1.xhtml#a"]), "Fine -> text/ch2.xhtml",
    ]  # fmt: skip
    assert (ncx.title, outline(ncx.items)) == ("Acqua", [("Uno -> Text/1.html", ["Due -> Text/1.html#b"])])
    assert (
        detect_format(io.BytesIO(b"<html><nav class='toc'><a href='a.html'>A</a></nav></html>"), "nav.html")
        is Format.HTML
    )
