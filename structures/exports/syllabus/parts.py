"""The parts of a Word document besides its text: styles, bullets, settings, properties, and how they belong together.

They are written here and not taken from a template of a library, so that the bytes stay when the library changes.
"""

from __future__ import annotations

from collections.abc import Iterator

from structures.exports.lesson_html import escape_text
from structures.exports.syllabus.wordprocessing import END_FIELD, begin_field, write_paragraph, write_runs

DOCUMENT = "word/document.xml"
HEADING_LEVELS = 9
"""As many as Word has styles of headings for."""
BULLET_LEVELS = 3
# In twentieths of a point: A4, with margins of 2.5 cm.
PAGE_WIDTH, PAGE_HEIGHT, MARGIN = 11906, 16838, 1418
TEXT_WIDTH = PAGE_WIDTH - 2 * MARGIN
_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_WORD = f'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="{_OFFICE}/relationships"'
_TYPES = "application/vnd.openxmlformats-officedocument.wordprocessingml"
# What the document needs, each a relationship of it.
_RELATED = ("styles", "numbering", "settings", "footer")

BEGIN_DOCUMENT = f"{_DECLARATION}<w:document {_WORD}><w:body>\n"
END_DOCUMENT = (
    '<w:sectPr><w:footerReference w:type="default" r:id="footer"/>'
    f'<w:pgSz w:w="{PAGE_WIDTH}" w:h="{PAGE_HEIGHT}"/><w:pgMar w:top="{MARGIN}" w:right="{MARGIN}" '
    f'w:bottom="{MARGIN}" w:left="{MARGIN}" w:header="709" w:footer="709" w:gutter="0"/><w:titlePg/></w:sectPr>'
    "</w:body></w:document>\n"
)


def write_parts(title: str, language: str) -> Iterator[tuple[str, str]]:
    """Yield the parts but for the document itself, each with its name. `language` is a BCP 47 tag or blank."""
    yield "[Content_Types].xml", _write_content_types()
    root = _write_relationship("document", f"{_OFFICE}/relationships/officeDocument", DOCUMENT)
    core = _write_relationship("core", f"{_PACKAGE}/relationships/metadata/core-properties", "docProps/core.xml")
    yield "_rels/.rels", _write_relationships(root + core)
    yield "docProps/core.xml", _write_properties(title, language)
    related = "".join(_write_relationship(name, f"{_OFFICE}/relationships/{name}", f"{name}.xml") for name in _RELATED)
    yield "word/_rels/document.xml.rels", _write_relationships(related)
    yield "word/styles.xml", _write_styles(language)
    yield "word/numbering.xml", _write_numbering()
    # Word then asks whether to update the fields when it opens the document: the contents get their page numbers.
    settings = '<w:defaultTabStop w:val="709"/><w:updateFields w:val="true"/>'
    modern = '<w:compatSetting w:name="compatibilityMode" w:uri="http://schemas.microsoft.com/office/word" w:val="15"/>'
    yield (
        "word/settings.xml",
        f"{_DECLARATION}<w:settings {_WORD}>{settings}<w:compat>{modern}</w:compat></w:settings>\n",
    )
    page = write_paragraph("Footer", begin_field("PAGE") + write_runs("1") + END_FIELD)
    yield "word/footer.xml", f"{_DECLARATION}<w:ftr {_WORD}>{page}</w:ftr>\n"


def _write_content_types() -> str:
    kinds = {name: f"{_TYPES}.{name}+xml" for name in _RELATED} | {"document": f"{_TYPES}.document.main+xml"}
    overrides = {f"/word/{name}.xml": kind for name, kind in kinds.items()}
    overrides["/docProps/core.xml"] = "application/vnd.openxmlformats-package.core-properties+xml"
    listed = "".join(f'<Override PartName="{name}" ContentType="{kind}"/>' for name, kind in overrides.items())
    return (
        f'{_DECLARATION}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{listed}</Types>\n'
    )


def _write_relationships(inside: str) -> str:
    return f'{_DECLARATION}<Relationships xmlns="{_PACKAGE}/relationships">{inside}</Relationships>\n'


def _write_relationship(name: str, kind: str, target: str) -> str:
    return f'<Relationship Id="{name}" Type="{kind}" Target="{target}"/>'


def _write_properties(title: str, language: str) -> str:
    # Without the time of writing: the same course gives the same bytes.
    said = f"<dc:title>{escape_text(title)}</dc:title>" + (f"<dc:language>{language}</dc:language>" if language else "")
    return (
        f'{_DECLARATION}<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/">{said}</cp:coreProperties>\n'
    )


def _write_numbering() -> str:
    levels = "".join(
        f'<w:lvl w:ilvl="{level}"><w:start w:val="1"/><w:numFmt w:val="bullet"/>'
        f'<w:pStyle w:val="{get_bullet_style(level + 1)}"/><w:lvlText w:val="•"/><w:lvlJc w:val="left"/>'
        f'<w:pPr><w:ind w:left="{360 * (level + 1)}" w:hanging="360"/></w:pPr></w:lvl>'
        for level in range(BULLET_LEVELS)
    )
    return (
        f'{_DECLARATION}<w:numbering {_WORD}><w:abstractNum w:abstractNumId="0"><w:multiLevelType w:val="multilevel"/>'
        f'{levels}</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>\n'
    )


def get_bullet_style(level: int) -> str:
    """Return the style of a bulleted paragraph; lists within lists have higher levels, from 1."""
    return f"ListBullet{level if level > 1 else ''}"


def _write_styles(language: str) -> str:
    said = f'w:val="{language or "en-US"}" w:eastAsia="zh-CN" w:bidi="ar-SA"'
    return (
        f"{_DECLARATION}<w:styles {_WORD}><w:docDefaults><w:rPrDefault><w:rPr>"
        '<w:rFonts w:ascii="Calibri" w:hAnsi="Calibri" w:cs="Arial"/><w:sz w:val="22"/><w:szCs w:val="22"/>'
        f"<w:lang {said}/></w:rPr></w:rPrDefault><w:pPrDefault><w:pPr>"
        '<w:spacing w:after="120" w:line="264" w:lineRule="auto"/></w:pPr></w:pPrDefault></w:docDefaults>\n'
        f"{''.join(_list_styles())}</w:styles>\n"
    )


def _list_styles() -> Iterator[str]:
    yield (
        '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:qFormat/></w:style>\n'
    )
    yield _write_style(
        "Title", "Title", '<w:keepNext/><w:spacing w:before="2400" w:after="240"/>', f"{_BOLD}{_size(56)}"
    )
    yield _write_style("Subtitle", "Subtitle", '<w:spacing w:after="480"/>', f"{_GREY}{_size(32)}")
    for level in range(1, HEADING_LEVELS + 1):
        size = max(22, 36 - 4 * (level - 1))
        before = 480 if level == 1 else 240
        outline = f'<w:keepNext/><w:keepLines/><w:spacing w:before="{before}" w:after="120"/>'
        outline += f'<w:outlineLvl w:val="{level - 1}"/>'
        yield _write_style(f"Heading{level}", f"heading {level}", outline, f"{_BOLD}{_BLUE}{_size(size)}")
        tabs = f'<w:tabs><w:tab w:val="right" w:leader="dot" w:pos="{TEXT_WIDTH}"/></w:tabs>'
        indent = f'<w:ind w:left="{220 * (level - 1)}"/>'
        yield _write_style(f"TOC{level}", f"toc {level}", f'{tabs}<w:spacing w:after="60"/>{indent}')
    contents = '<w:keepNext/><w:pageBreakBefore/><w:spacing w:after="240"/>'
    yield _write_style("TOCHeading", "TOC Heading", contents, f"{_BOLD}{_BLUE}{_size(36)}")
    yield _write_style("Facts", "Facts", "", _GREY)
    yield _write_style("Label", "Label", '<w:keepNext/><w:spacing w:before="160" w:after="60"/>', _BOLD)
    # Not a heading: the contents are of modules and lessons.
    yield _write_style(
        "Exercise", "Exercise", '<w:keepNext/><w:spacing w:before="240" w:after="60"/>', f"{_BOLD}{_BLUE}"
    )
    for level in range(1, BULLET_LEVELS + 1):
        numbered = f'<w:numPr><w:ilvl w:val="{level - 1}"/><w:numId w:val="1"/></w:numPr><w:spacing w:after="60"/>'
        name = f"List Bullet{f' {level}' if level > 1 else ''}"
        yield _write_style(get_bullet_style(level), name, numbered)
    yield _write_style("ListContinue", "List Continue", '<w:spacing w:after="60"/><w:ind w:left="360"/>')
    yield _write_style("Cell", "Cell", '<w:spacing w:before="40" w:after="40" w:line="240" w:lineRule="auto"/>')
    code = '<w:rFonts w:ascii="Courier New" w:hAnsi="Courier New" w:cs="Courier New"/>'
    yield _write_style("Code", "Code", '<w:shd w:val="clear" w:color="auto" w:fill="F2F2F2"/>', f"{code}{_size(20)}")
    yield _write_style("Footer", "footer", '<w:jc w:val="center"/>')
    yield (
        '<w:style w:type="character" w:styleId="Strong"><w:name w:val="Strong"/><w:qFormat/>'
        f"<w:rPr>{_BOLD}</w:rPr></w:style>\n"
    )
    edges = "".join(
        f'<w:{edge} w:val="single" w:sz="4" w:space="0" w:color="BFBFBF"/>'
        for edge in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    yield (
        '<w:style w:type="table" w:styleId="TableGrid"><w:name w:val="Table Grid"/><w:tblPr>'
        f"<w:tblBorders>{edges}</w:tblBorders></w:tblPr>"
        f'<w:tblStylePr w:type="firstRow"><w:rPr>{_BOLD}</w:rPr></w:tblStylePr></w:style>\n'
    )


# Each also for the letters of scripts that Word calls complex, such as Hebrew.
_BOLD = "<w:b/><w:bCs/>"
_BLUE, _GREY = '<w:color w:val="1F4E79"/>', '<w:color w:val="595959"/>'


def _size(half_points: int) -> str:
    return f'<w:sz w:val="{half_points}"/><w:szCs w:val="{half_points}"/>'


def _write_style(identifier: str, name: str, paragraph: str, run: str = "") -> str:
    return (
        f'<w:style w:type="paragraph" w:styleId="{identifier}"><w:name w:val="{name}"/><w:basedOn w:val="Normal"/>'
        f'<w:next w:val="{identifier if identifier.startswith("List") else "Normal"}"/><w:qFormat/>'
        f"<w:pPr>{paragraph}</w:pPr><w:rPr>{run}</w:rPr></w:style>\n"
    )
