"""Small course packages, as programs write them: the forms and oddities of each, with texts of our own."""

from __future__ import annotations

from collections.abc import Mapping

_QTI = """<?xml version="1.0" encoding="UTF-8"?>
<questestinterop xmlns="http://www.imsglobal.org/xsd/ims_qtiasiv1p2">
 <assessment ident="{ident}" title="{title}"><section ident="root_section">
  <item ident="q1" title="Question">
   <itemmetadata><qtimetadata><qtimetadatafield><fieldlabel>cc_profile</fieldlabel>
    <fieldentry>cc.multiple_choice.v0p1</fieldentry></qtimetadatafield></qtimetadata></itemmetadata>
   <presentation><material><mattext texttype="text/html">&lt;p&gt;Where does a river end?&lt;/p&gt;</mattext></material>
    <response_lid ident="response1" rcardinality="Single"><render_choice>
     <response_label ident="a"><material><mattext>At its source</mattext></material></response_label>
     <response_label ident="b"><material><mattext>At its mouth</mattext></material></response_label>
    </render_choice></response_lid></presentation>
   <resprocessing><outcomes><decvar maxvalue="100" minvalue="0" varname="SCORE" vartype="Decimal"/></outcomes>
    <respcondition continue="No"><conditionvar><varequal respident="response1">b</varequal></conditionvar>
     <setvar action="Set" varname="SCORE">100</setvar></respcondition></resprocessing>
  </item></section></assessment></questestinterop>
"""


def page(title: str, text: str) -> str:
    return (
        f'<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"/><title>{title}</title>'
        f"</head><body><h1>{title}</h1><p>{text}</p></body></html>"
    )


RIVER = page("Rivers", "A river is a stream of water that flows to a sea, a lake or another river.")
DELTA = page("Deltas", "A delta is land that a river builds where it meets slower water.")
GLACIER = page("Glaciers", "A glacier is a body of ice that moves under its own weight.")

# As Canvas exports: a root item without a title, headings among the items of a module, files named by digests, its own
# settings beside the standard's, a tool with an identifier that no resource has.
CANVAS: Mapping[str, str | bytes] = {
    "imsmanifest.xml": """<?xml version="1.0" encoding="UTF-8"?>
<manifest identifier="g1" xmlns="http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1"
 xmlns:lom="http://ltsc.ieee.org/xsd/imsccv1p1/LOM/resource"
 xmlns:lomimscc="http://ltsc.ieee.org/xsd/imsccv1p1/LOM/manifest">
 <metadata><schema>IMS Common Cartridge</schema><schemaversion>1.1.0</schemaversion>
  <lomimscc:lom><lomimscc:general><lomimscc:title><lomimscc:string>Water on Earth</lomimscc:string></lomimscc:title>
  </lomimscc:general></lomimscc:lom></metadata>
 <organizations><organization identifier="org_1" structure="rooted-hierarchy"><item identifier="LearningModules">
  <item identifier="m1"><title>Flowing/Standing Water</title>
   <item identifier="t1" identifierref="r_river"><title>What is a river?</title></item>
   <item identifier="t2"><title>Further</title></item>
   <item identifier="t3" identifierref="r_delta"><title>Deltas</title></item>
   <item identifier="t4" identifierref="r_link"><title>River data: live</title></item>
  </item>
  <item identifier="m2"><title>Ice</title>
   <item identifier="t5" identifierref="r_glacier"><title>1. Glaciers</title></item>
   <item identifier="t6" identifierref="r_topic"><title>Have you seen one?</title></item>
   <item identifier="t7" identifierref="r_quiz"><title>Check yourself</title></item>
   <item identifier="t8" identifierref="t8"><title>Ice Lab</title></item>
   <item identifier="t9" identifierref="r_lti"><title>Map tool</title></item>
  </item></item></organization></organizations>
 <resources>
  <resource identifier="r_river" type="webcontent" href="wiki_content/what-is-a-river.html">
   <file href="wiki_content/what-is-a-river.html"/></resource>
  <resource identifier="r_delta" type="webcontent" href="web_resources/0fd3ab9c.html">
   <file href="web_resources/0fd3ab9c.html"/></resource>
  <resource identifier="r_link" type="imswl_xmlv1p1"><file href="g77.xml"/></resource>
  <resource identifier="r_glacier" type="webcontent" href="wiki_content/glaciers%20%26%20ice.html">
   <file href="wiki_content/glaciers%20%26%20ice.html"/></resource>
  <resource identifier="r_topic" type="imsdt_xmlv1p1"><file href="g78.xml"/>
   <dependency identifierref="r_meta"/></resource>
  <resource identifier="r_meta" type="associatedcontent/imscc_xmlv1p1/learning-application-resource" href="g78m.xml">
   <file href="g78m.xml"/></resource>
  <resource identifier="r_quiz" type="imsqti_xmlv1p2/imscc_xmlv1p1/assessment"><file href="g79/assessment_qti.xml"/>
   </resource>
  <resource identifier="r_quiz_bank" type="imsqti_xmlv1p2/imscc_xmlv1p1/assessment">
   <file href="g80/assessment_qti.xml"/></resource>
  <resource identifier="r_lti" type="imsbasiclti_xmlv1p0"><file href="g81.xml"/></resource>
  <resource identifier="r_task" type="associatedcontent/imscc_xmlv1p1/learning-application-resource"
   href="g82c4d5e6f708192a3b4c5d6e7f809112/measure-a-river.html">
   <file href="g82c4d5e6f708192a3b4c5d6e7f809112/measure-a-river.html"/>
   <file href="g82c4d5e6f708192a3b4c5d6e7f809112/assignment_settings.xml"/></resource>
  <resource identifier="r_image" type="webcontent" href="web_resources/river.png"><file href="web_resources/river.png"/>
   </resource>
 </resources></manifest>""",
    "course_settings/module_meta.xml": "<modules/>",
    "wiki_content/what-is-a-river.html": RIVER,
    "wiki_content/glaciers & ice.html": GLACIER,
    "web_resources/0fd3ab9c.html": DELTA,
    "web_resources/river.png": b"\x89PNG\r\n\x1a\n" + b"\x00" * 40,
    "g77.xml": '<webLink xmlns="http://www.imsglobal.org/xsd/imsccv1p1/imswl_v1p1"><title>River data</title>'
    '<url href="https://example.org/rivers?x=1&amp;y=2" target="_blank"/></webLink>',
    "g78.xml": '<topic xmlns="http://www.imsglobal.org/xsd/imsccv1p1/imsdt_v1p1"><title>Have you seen one?</title>'
    '<text texttype="text/html">&lt;p&gt;Tell where you have seen a glacier.&lt;/p&gt;</text></topic>',
    "g78m.xml": "<topicMeta/>",
    "g79/assessment_qti.xml": _QTI.format(ident="g79", title="Check yourself"),
    "g80/assessment_qti.xml": _QTI.format(ident="g80", title="Spare questions"),
    "g81.xml": "<cartridge_basiclti_link/>",
    "g82c4d5e6f708192a3b4c5d6e7f809112/measure-a-river.html": page(
        "Measure a river", "Measure the width of a river near you."
    ),
    "g82c4d5e6f708192a3b4c5d6e7f809112/assignment_settings.xml": "<assignment/>",
}

# As Moodle exported: sections as folders, a label without a resource, all files in one folder.
MOODLE: Mapping[str, str | bytes] = {
    "imsmanifest.xml": """<?xml version="1.0" encoding="UTF-8"?>
<manifest xmlns="http://www.imsglobal.org/xsd/imscc/imscp_v1p1" identifier="M_A5">
 <metadata><schema>IMS Common Cartridge</schema><schemaversion>1.0.0</schemaversion>
  <lom xmlns="http://ltsc.ieee.org/xsd/imscc/LOM"><general><title><string language="es">El agua</string></title>
  <language>es</language></general></lom></metadata>
 <organizations><organization identifier="O_1" structure="rooted-hierarchy"><item identifier="I_ROOT">
  <item identifier="I_1"><title>Tema 1. Los ríos</title>
   <item identifier="I_2" identifierref="I_2_R"><title>El ciclo del agua</title></item></item>
  <item identifier="I_3"><title>Tema 2. El hielo</title>
   <item identifier="I_4" identifierref="I_4_R"><title>Glaciares</title></item>
   <item identifier="I_5" identifierref="I_5_R"><title>Debate</title></item></item>
 </item></organization></organizations>
 <resources>
  <resource identifier="I_2_R" type="webcontent" href="I_2_R/page.html"><file href="I_2_R/page.html"/></resource>
  <resource identifier="I_4_R" type="webcontent" href="i_4_r/PAGE.HTML"><file href="i_4_r/PAGE.HTML"/></resource>
  <resource identifier="I_5_R" type="imsdt_xmlv1p0"><file href="I_5_R/discussion.xml"/></resource>
 </resources></manifest>""",
    "I_2_R/page.html": page("Página", "El ciclo del agua es el movimiento del agua entre el mar, el aire y la tierra."),
    "I_4_R/page.html": page("Página", "Un glaciar es una masa de hielo que se mueve por su peso."),
    "I_5_R/discussion.xml": '<dt:topic xmlns:dt="http://www.imsglobal.org/xsd/imsdt_v1p0"><title>Debate</title>'
    '<text texttype="text/plain">¿Qué pasa con los glaciares?\n\nExplica por qué.</text></dt:topic>',
}

# As Sakai exports CC 1.3: one resource of many files, tasks of the standard, `xml:base`, thousands of depth.
SAKAI: Mapping[str, str | bytes] = {
    "imsmanifest.xml": """<?xml version="1.0" encoding="UTF-8"?>
<manifest identifier="cctd0001" xmlns="http://www.imsglobal.org/xsd/imsccv1p3/imscp_v1p1">
 <metadata><schema>IMS Common Cartridge</schema><schemaversion>1.3.0</schemaversion></metadata>
 <organizations><organization identifier="page" structure="rooted-hierarchy"><item identifier="I_1">
  <item identifier="a"><title>Week 1</title>
   <item identifier="aa"><title>Reading</title>
    <item identifier="aaa" identifierref="res1"><title>Rivers</title></item></item>
   <item identifier="ab"><title>Doing</title>
    <item identifier="aba" identifierref="res2"><title>A task</title></item>
    <item identifier="abb" identifierref="res1"><title>Rivers again</title></item></item></item>
  <item identifier="b"><title>Week 2</title>
   <item identifier="ba" identifierref="res3"><title>Ice</title></item></item>
 </item></organization></organizations>
 <resources xml:base="attachments/">
  <resource identifier="res1" type="webcontent" href="rivers.html"><file href="rivers.html"/></resource>
  <resource identifier="res2" type="assignment_xmlv1p0"><file href="task.xml"/></resource>
  <resource identifier="res3" xml:base="ice/" type="webcontent" href="ice.html"><file href="ice.html"/>
   <file href="more.html"/><file href="ice.css"/></resource>
 </resources></manifest>""",
    "attachments/rivers.html": RIVER,
    "attachments/task.xml": '<assignment xmlns="http://www.imsglobal.org/xsd/imscc_extensions/assignment">'
    '<title>A task</title><text texttype="text/html">&lt;p&gt;Draw a river.&lt;/p&gt;</text></assignment>',
    "attachments/ice/ice.html": GLACIER,
    "attachments/ice/more.html": page("More of ice", "Sea ice is frozen sea water."),
    "attachments/ice/ice.css": "p { color: blue }",
}

SCORM_12: Mapping[str, str | bytes] = {
    "imsmanifest.xml": """<?xml version="1.0"?>
<manifest identifier="golf" version="1.0" xmlns="http://www.imsproject.org/xsd/imscp_rootv1p1p2"
 xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_rootv1p2">
 <metadata><schema>ADL SCORM</schema><schemaversion>1.2</schemaversion></metadata>
 <organizations default="B1"><organization identifier="B0"><title>Old</title></organization>
 <organization identifier="B1"><title>Water</title>
  <item identifier="i1"><title>Rivers</title>
   <item identifier="i2" identifierref="R1" isvisible="true"><title>How rivers flow</title></item>
   <item identifier="i3" identifierref="R2" parameters="?page=2#mouth"><title>Where they end</title></item></item>
  <item identifier="i4" identifierref="R3"><title>Ice</title><adlcp:masteryscore>80</adlcp:masteryscore></item>
 </organization></organizations>
 <resources>
  <resource identifier="R1" type="webcontent" adlcp:scormtype="sco" href="rivers/flow.html?lang=en">
   <file href="rivers/flow.html"/><file href="rivers/river.jpg"/><dependency identifierref="C"/></resource>
  <resource identifier="R2" type="webcontent" adlcp:scormtype="sco" href="rivers/end.html">
   <file href="rivers/end.html"/></resource>
  <resource identifier="R3" type="webcontent" adlcp:scormtype="sco" href="ice/index.html">
   <file href="ice/index.html"/></resource>
  <resource identifier="C" type="webcontent" adlcp:scormtype="asset"><file href="shared/APIWrapper.js"/></resource>
 </resources></manifest>""",
    "rivers/flow.html": RIVER,
    "rivers/end.html": DELTA,
    "rivers/river.jpg": b"\xff\xd8\xff\xe0" + b"\x00" * 40,
    "ice/index.html": GLACIER,
    "shared/APIWrapper.js": "var x = 1;",
    "adlcp_rootv1p2.xsd": "<schema/>",
}

_CONTAINER = (
    '<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)

EPUB_3: Mapping[str, str | bytes] = {
    "mimetype": "application/epub+zip",
    "META-INF/container.xml": _CONTAINER,
    "OEBPS/content.opf": """<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id">
 <metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Book of Water</dc:title>
  <dc:language>en-GB</dc:language></metadata>
 <manifest>
  <item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
  <item id="cover" href="text/cover.xhtml" media-type="application/xhtml+xml"/>
  <item id="p1" href="text/p1.xhtml" media-type="application/xhtml+xml"/>
  <item id="c1" href="text/c1.xhtml" media-type="application/xhtml+xml"/>
  <item id="c1b" href="text/c1_split_001.xhtml" media-type="application/xhtml+xml"/>
  <item id="c2" href="text/c2.xhtml" media-type="application/xhtml+xml"/>
  <item id="c3" href="text/c3.xhtml" media-type="application/xhtml+xml"/>
  <item id="css" href="style.css" media-type="text/css"/>
 </manifest>
 <spine><itemref idref="cover"/><itemref idref="nav"/><itemref idref="p1"/><itemref idref="c1"/><itemref idref="c1b"/>
  <itemref idref="c2"/><itemref idref="c3"/></spine></package>""",
    "OEBPS/nav.xhtml": """<!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml"
 xmlns:epub="http://www.idpf.org/2007/ops"><body>
 <nav epub:type="landmarks"><ol><li><a href="text/cover.xhtml">Cover</a></li></ol></nav>
 <nav epub:type="toc"><h1>Contents</h1><ol>
  <li><a href="text/p1.xhtml">Part I:&nbsp;Flowing water</a><ol>
   <li><a href="text/c1.xhtml">Rivers</a><ol><li><a href="text/c1.xhtml#s1">Springs</a></li></ol></li>
   <li><a href="text/c2.xhtml">Deltas</a></li></ol></li>
  <li><span>Part II: Ice</span><ol><li><a href="text/c3.xhtml">Glaciers</a></li></ol></li>
 </ol></nav></body></html>""",
    "OEBPS/text/cover.xhtml": page("Cover", "A book about water."),
    "OEBPS/text/p1.xhtml": page("Part I", "About water that flows."),
    "OEBPS/text/c1.xhtml": RIVER,
    "OEBPS/text/c1_split_001.xhtml": page("Rivers", "Large rivers carry sand and clay."),
    "OEBPS/text/c2.xhtml": DELTA,
    "OEBPS/text/c3.xhtml": GLACIER,
    "OEBPS/style.css": "p { margin: 0 }",
}

EPUB_2: Mapping[str, str | bytes] = {
    "mimetype": "application/epub+zip",
    "META-INF/container.xml": _CONTAINER,
    "OEBPS/content.opf": """<?xml version="1.0"?>
<package xmlns="http://www.idpf.org/2007/opf" version="2.0" unique-identifier="id">
 <metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Книга про воду</dc:title><dc:language>uk</dc:language>
 </metadata>
 <manifest><item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>
  <item id="a" href="a.html" media-type="application/xhtml+xml"/>
  <item id="b" href="b.html" media-type="application/xhtml+xml"/></manifest>
 <spine toc="ncx"><itemref idref="a"/><itemref idref="b"/></spine></package>""",
    "OEBPS/toc.ncx": """<?xml version="1.0"?>
<!DOCTYPE ncx PUBLIC "-//NISO//DTD ncx 2005-1//EN" "http://www.daisy.org/z3986/2005/ncx-2005-1.dtd">
<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/" version="2005-1"><navMap>
 <navPoint id="n1" playOrder="1"><navLabel><text>Річки</text></navLabel><content src="a.html"/>
  <navPoint id="n2" playOrder="2"><navLabel><text>Витоки</text></navLabel><content src="a.html#s"/></navPoint>
 </navPoint>
 <navPoint id="n3" playOrder="3"><navLabel><text>Льодовики</text></navLabel><content src="b.html"/></navPoint>
</navMap></ncx>""",
    "OEBPS/a.html": page("Річки", "Річка — це потік води, що тече до моря або озера."),
    "OEBPS/b.html": page("Льодовики", "Льодовик — це маса льоду, що рухається під власною вагою."),
}

# As Open edX exports: pointers to files named by digests, several texts on one page, a transcript for a film.
OLX: Mapping[str, str | bytes] = {
    "course/course.xml": '<course url_name="2026" org="Own" course="W1"/>',
    "course/course/2026.xml": '<course display_name="Water" language="en"><chapter url_name="aa1"/>'
    '<chapter url_name="aa2"/><wiki slug="x"/></course>',
    "course/chapter/aa1.xml": '<chapter display_name="Module 1: Rivers"><sequential url_name="bb1"/>'
    '<sequential url_name="bb2"/></chapter>',
    "course/chapter/aa2.xml": '<chapter display_name="Module 2: Ice"><sequential url_name="bb3"/></chapter>',
    "course/sequential/bb1.xml": '<sequential display_name="Flow"><vertical url_name="cc1"/><vertical url_name="cc2"/>'
    "</sequential>",
    "course/sequential/bb2.xml": '<sequential display_name="Deltas"><vertical url_name="cc3"/></sequential>',
    "course/sequential/bb3.xml": '<sequential display_name="Moving ice"><vertical display_name="Glaciers">'
    '<html url_name="dd5" display_name="Text"><p>A glacier is a body of ice that moves.</p></html></vertical>'
    '<vertical display_name="Tool only"><lti url_name="dd7"/></vertical></sequential>',
    "course/vertical/cc1.xml": '<vertical display_name="What flows"><html url_name="dd1"/><html url_name="dd2"/>'
    '<problem url_name="ee1"/></vertical>',
    "course/vertical/cc2.xml": '<vertical display_name="A film"><video url_name="ff1"/></vertical>',
    "course/vertical/cc3.xml": '<vertical display_name="Deltas"><html url_name="dd3"/><video url_name="ff2"/>'
    "</vertical>",
    "course/html/dd1.xml": '<html filename="dd1" display_name="Text"/>',
    "course/html/dd1.html": "<p>A river is a stream of water that flows to a sea.</p>",
    "course/html/dd2.xml": '<html filename="dd2" display_name="Why it flows"/>',
    "course/html/dd2.html": "<p>Water flows because it is heavy.</p>",
    "course/html/dd3.xml": '<html filename="dd3"/>',
    "course/html/dd3.html": "<p>A delta is land that a river builds.</p>",
    "course/problem/ee1.xml": '<problem display_name="Where it ends"><multiplechoiceresponse>'
    '<label>Where does a river end?</label><choicegroup><choice correct="false">At its source</choice>'
    '<choice correct="true">At its mouth</choice></choicegroup></multiplechoiceresponse></problem>',
    "course/video/ff1.xml": '<video url_name="ff1" display_name="The film" youtube_id_1_0="abc" sub="abc">'
    '<transcript language="es" src="abc-es.srt"/></video>',
    "course/static/abc-es.srt": "1\n00:00:00,000 --> 00:00:02,500\nRíos y lagos.\n",
    "course/about/duration.html": "5 weeks",
    "course/static/subs_abc.srt.sjson": '{"start": [0, 2500], "end": [2500, 61000], '
    '"text": ["Rivers &amp; lakes.", "The end."]}',
    "course/video/ff2.xml": '<video url_name="ff2" display_name="Far away">'
    '<source src="https://example.org/delta.mp4"/></video>',
    "course/lti/dd7.xml": "<lti/>",
    "course/static/handout.md": "# Handout\n\nRivers of the world.",
    "course/policies/2026/policy.json": "{}",
    "course/drafts/html/dd9.html": "<p>Not yet.</p>",
}
