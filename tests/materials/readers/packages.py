"""Office files made of the XML that a test is about; everything else is as small as it may be."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
NAMESPACES = " ".join(
    f'xmlns:{prefix}="{uri}"'
    for prefix, uri in {
        "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
        "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
        "a14": "http://schemas.microsoft.com/office/drawing/2010/main",
        "c": "http://schemas.openxmlformats.org/drawingml/2006/chart",
        "dgm": "http://schemas.openxmlformats.org/drawingml/2006/diagram",
        "m": "http://schemas.openxmlformats.org/officeDocument/2006/math",
        "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
        "o": "urn:schemas-microsoft-com:office:office",
        "p": "http://schemas.openxmlformats.org/presentationml/2006/main",
        "r": RELATION,
        "v": "urn:schemas-microsoft-com:vml",
        "wp": "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing",
        "wps": "http://schemas.microsoft.com/office/word/2010/wordprocessingShape",
    }.items()
)


def word(path: Path, body: str, **parts: str) -> Path:
    """Write a Word document: its body, and what stands inside its other parts (`styles`, `numbering`, `footnotes`)."""
    roots = {"styles": "styles", "numbering": "numbering", "footnotes": "footnotes", "endnotes": "endnotes"}
    files = {"word/document.xml": f"<w:document {NAMESPACES}><w:body>{body}</w:body></w:document>"}
    relations = {}
    for number, (name, content) in enumerate(parts.items(), start=1):
        tag = roots.get(name)
        files[f"word/{name}.xml"] = f"<w:{tag} {NAMESPACES}>{content}</w:{tag}>" if tag else content
        relations[f"rId{number}"] = (name, f"{name}.xml")
    return package(path, "word/document.xml", files, {"word/document.xml": relations})


def p(text: str, properties: str = "") -> str:
    """Return a paragraph of a Word document."""
    marks = f"<w:pPr>{properties}</w:pPr>" if properties else ""
    return f"<w:p>{marks}<w:r><w:t>{text}</w:t></w:r></w:p>"


def style(style_id: str, inside: str, kind: str = "paragraph") -> str:
    """Return a style of a Word document."""
    return f'<w:style w:type="{kind}" w:styleId="{style_id}">{inside}</w:style>'


def slides(
    path: Path,
    *trees: str,
    shown: Mapping[int, str] | None = None,
    parts: Mapping[str, str] | None = None,
    links: Mapping[str, str] | None = None,
    deck: str = "",
) -> Path:
    """Write a presentation: the shapes of each slide, attributes of some slides, and parts that all others point at.

    The name of a part, before its number, is the kind of the relation; its name is the relation's id. `links` has the
    targets of links by the id of their relation, and `deck` is more of the main part.
    """
    files = {name_of(name): content for name, content in (parts or {}).items()}
    pointers = {part: (part.rstrip("0123456789"), f"/{name_of(part)}") for part in parts or {}}
    pointers |= {name: ("hyperlink", target) for name, target in (links or {}).items()}
    relations = {name_of(part): pointers for part in parts or {}}
    listed = ""
    for number, tree in enumerate(trees, start=1):
        name = f"ppt/slides/slide{number}.xml"
        attributes = (shown or {}).get(number, "")
        files[name] = f"<p:sld {NAMESPACES} {attributes}><p:cSld><p:spTree>{tree}</p:spTree></p:cSld></p:sld>"
        relations[name] = pointers
        listed += f'<p:sldId id="{255 + number}" r:id="s{number}"/>'
    main = "ppt/presentation.xml"
    files[main] = f"<p:presentation {NAMESPACES}><p:sldIdLst>{listed}</p:sldIdLst>{deck}</p:presentation>"
    relations[main] = {f"s{number}": ("slide", f"slides/slide{number}.xml") for number in range(1, len(trees) + 1)}
    return package(path, main, files, relations)


def name_of(part: str) -> str:
    return f"ppt/{part}.xml"


def shape(text: str, *, at: tuple[int, int, int, int] | None = None, ph: str = "", size: int = 0) -> str:
    """Return a shape: its paragraphs as XML or as words, its place in millimetres, which placeholder it is."""
    if not text.startswith("<"):
        marks = f'<a:rPr sz="{size}"/>' if size else ""
        text = f"<a:p><a:r>{marks}<a:t>{text}</a:t></a:r></a:p>"
    frame = ""
    if at is not None:
        left, top, width, height = (one * 36_000 for one in at)
        frame = f'<a:xfrm><a:off x="{left}" y="{top}"/><a:ext cx="{width}" cy="{height}"/></a:xfrm>'
    held = f"<p:nvPr>{ph}</p:nvPr>"
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="2" name="s"/><p:cNvSpPr/>{held}</p:nvSpPr><p:spPr>{frame}</p:spPr>'
        f"<p:txBody><a:bodyPr/>{text}</p:txBody></p:sp>"
    )


def _mode_of(target: str) -> str:
    return ' TargetMode="External"' if target.startswith(("http", "mailto:")) else ""


def package(
    path: Path, main: str, files: Mapping[str, str], relations: Mapping[str, Mapping[str, tuple[str, str]]]
) -> Path:
    """Write parts and the relations between them (by the part that points: id to kind and target) as an archive."""
    everything: dict[str, Mapping[str, tuple[str, str]]] = {"": {"rId1": ("officeDocument", main)}, **relations}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        for source, targets in everything.items():
            folder, _, base = source.rpartition("/")
            inside = "".join(
                f'<Relationship Id="{name}" Type="{RELATION}/{kind}" Target="{target}"{_mode_of(target)}/>'
                for name, (kind, target) in targets.items()
            )
            name = f"{folder}/_rels/{base}.rels".lstrip("/")
            archive.writestr(name, f"<Relationships>{inside}</Relationships>")
        for name, content in files.items():
            archive.writestr(name, content)
    return path
