"""One course as packages of every form, so that the same structure is expected of each."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from html import escape

Course = Mapping[str, Mapping[str, str]]
"""The lessons of each module by their titles, with a text each, all in teaching order."""

# Titles that are no names of files, an order that is not that of the alphabet, and headings in the pages that are other
# than the titles: only the package says what is taught when and under which title.
COURSE: Course = {
    "Where water comes from": {
        "What is rain?": "Rain is water that falls from clouds in drops. Clouds form when air cools and its vapour "
        "condenses on dust. Most rain falls where air has to rise: at mountains, at fronts and in the tropics. A gauge "
        "measures how many millimetres fall on a place in a day, and a year of such days makes its climate.",
        "Springs & wells": "A spring is a place where groundwater comes to the surface. It rises where a layer of clay "
        "stops water that seeps through sand or limestone. A well reaches the same water from above, through a shaft "
        "that people dig or drill. In dry years the water table sinks, and shallow wells fall dry first.",
        "Meltwater in C#-shaped valleys": "Meltwater is water that flows from snow and ice when they thaw. Large "
        "rivers of Asia carry it in summer, when fields need it most. A valley that ice has carved is wide and flat, "
        "and its river divides into many arms. Dams keep a part of the water for the dry months of autumn.",
    },
    "How it flows": {
        "Rivers/streams": "A stream is water that flows in a bed under its own weight. Streams join to rivers, and all "
        "land from which water flows to one river is its basin. The slope of the bed decides how fast it flows and "
        "which stones it carries. After heavy rain a river leaves its bed and covers its plain with mud.",
        "A delta": "A delta is land that a river builds where it meets slower water. Sand settles first, clay last, "
        "and the river looks for new ways through what it has laid down. Deltas are fertile and crowded, and they sink "
        "when dams upstream hold back the mud that they are made of.",
    },
    "At rest": {
        "Lakes": "A lake is standing water in a hollow without a direct link to the sea. Ice, faults, craters and "
        "landslides make such hollows, and rivers fill them with mud in the end. In summer warm water lies upon cold, "
        "and the deep of a lake breathes only when autumn storms mix both.",
        "Bogs": "A bog is wet land that grows upon its own dead plants. Without air they do not rot but turn to peat, "
        "a millimetre in a year. Only rain feeds it, so few plants can live there, and those that do are found nowhere "
        "else. Drained, a bog burns and gives back what it took in thousands of years.",
        "Ice": "A glacier is a body of ice that moves under its own weight. Snow of many winters turns to ice and "
        "flows downhill, a hand or a house in a day. What it carries it leaves at its end as a moraine. Where more "
        "melts than falls, its tongue draws back, and new lakes lie behind old moraines.",
    },
}  # fmt: skip


def build_page(number: str, text: str) -> str:
    """Return a page whose own title is a number, as programs give it."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><html xmlns="http://www.w3.org/1999/xhtml"><head>'
        f"<title>page{number}</title></head><body><p>{escape(text)}</p></body></html>"
    )


def iter_lessons(course: Course) -> Iterator[tuple[str, str, str, str]]:
    """Yield module, title, path and text of each lesson; paths do not sort as lessons do."""
    for number, module in enumerate(course):
        for part, (title, text) in enumerate(course[module].items()):
            yield module, title, f"content/{(7 - number) * 11111111 + part * 77777:08x}.html", text


def build_cartridge(course: Course, *, version: str) -> bytes:
    """Return a Common Cartridge of a version such as `1.1`."""
    items, resources = _build_ims_items(course, ""), _build_ims_resources(course, "")
    edition = version.replace(".", "p")
    manifest = (
        f'<?xml version="1.0"?><manifest xmlns="http://www.imsglobal.org/xsd/imsccv{edition}/imscp_v1p1">'
        f"<metadata><schema>IMS Common Cartridge</schema><schemaversion>{version}.0</schemaversion></metadata>"
        f'<organizations><organization identifier="o" structure="rooted-hierarchy"><item identifier="root">{items}'
        f"</item></organization></organizations><resources>{resources}</resources></manifest>"
    )
    return _zip({"imsmanifest.xml": manifest, **_build_pages(course)})


def build_scorm(course: Course) -> bytes:
    """Return a SCORM 1.2 package in which each lesson is a unit of its own."""
    items, resources = (
        _build_ims_items(course, ' isvisible="true"'),
        _build_ims_resources(course, ' adlcp:scormtype="sco"'),
    )
    manifest = (
        '<?xml version="1.0"?><manifest xmlns="http://www.imsproject.org/xsd/imscp_rootv1p1p2" '
        'xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_rootv1p2"><metadata><schema>ADL SCORM</schema>'
        "<schemaversion>1.2</schemaversion></metadata>"
        f'<organizations default="o"><organization identifier="o"><title>Water</title>{items}</organization>'
        f"</organizations><resources>{resources}</resources></manifest>"
    )
    return _zip({"imsmanifest.xml": manifest, "shared/api.js": "var x;", **_build_pages(course)})


def build_olx(course: Course) -> bytes:
    """Return an export of Open edX as a tar.gz: each lesson is a subsection with one unit."""
    files = {"course/course.xml": '<course url_name="run" org="o" course="c"/>'}
    chapters = ""
    for number, module in enumerate(course):
        sequentials = ""
        for title, path, text in ((t, p, x) for m, t, p, x in iter_lessons(course) if m == module):
            name = path.removeprefix("content/").removesuffix(".html")
            sequentials += f'<sequential url_name="s{name}"/>'
            files[f"course/sequential/s{name}.xml"] = (
                f'<sequential display_name="{escape(title)}"><vertical url_name="v{name}"/></sequential>'
            )
            files[f"course/vertical/v{name}.xml"] = (
                f'<vertical display_name="{escape(title)}"><html url_name="{name}"/></vertical>'
            )
            files[f"course/html/{name}.xml"] = f'<html filename="{name}" display_name="Text"/>'
            files[f"course/html/{name}.html"] = f"<p>{escape(text)}</p>"
        files[f"course/chapter/c{9 - number}.xml"] = f'<chapter display_name="{module}">{sequentials}</chapter>'
        chapters += f'<chapter url_name="c{9 - number}"/>'
    files["course/course/run.xml"] = f'<course display_name="Water">{chapters}</course>'
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for path, data in files.items():
            member = tarfile.TarInfo(path)
            member.size = len(data.encode())
            archive.addfile(member, io.BytesIO(data.encode()))
    return packed.getvalue()


def build_epub(course: Course, *, version: int) -> bytes:
    """Return an EPUB of version 2, with `toc.ncx`, or 3, with a `nav` document."""
    paths = [path for _, _, path, _ in iter_lessons(course)]
    entries = "".join(
        f'<item id="p{number}" href="{path}" media-type="application/xhtml+xml"/>' for number, path in enumerate(paths)
    )
    spine = "".join(f'<itemref idref="p{number}"/>' for number in range(len(paths)))
    contents = (
        '<item id="toc" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
        if version == 3
        else '<item id="toc" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'
    )
    package = (
        f'<package xmlns="http://www.idpf.org/2007/opf" version="{version}.0">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Water</dc:title></metadata>'
        f'<manifest>{contents}{entries}</manifest><spine toc="toc">{spine}</spine></package>'
    )
    return _zip(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
            '<rootfile full-path="book.opf"/></rootfiles></container>',
            "book.opf": package,
            **({"nav.xhtml": _build_nav(course)} if version == 3 else {"toc.ncx": _build_ncx(course)}),
            **_build_pages(course),
        }
    )


PACKAGES: Mapping[str, Callable[[Course], bytes]] = {
    "cartridge11.imscc": lambda course: build_cartridge(course, version="1.1"),
    "cartridge13.imscc": lambda course: build_cartridge(course, version="1.3"),
    "scorm.zip": build_scorm,
    "edx.tar.gz": build_olx,
    "book3.epub": lambda course: build_epub(course, version=3),
    "book2.epub": lambda course: build_epub(course, version=2),
}


def _build_pages(course: Course) -> dict[str, str]:
    return {path: build_page(path[8:12], text) for _, _, path, text in iter_lessons(course)}


def _build_ims_items(course: Course, attributes: str) -> str:
    found = ""
    for module in course:
        inside = "".join(
            f'<item identifier="i{path}" identifierref="{path}"{attributes}><title>{escape(title)}</title></item>'
            for own, title, path, _ in iter_lessons(course)
            if own == module
        )
        found += f'<item identifier="{module}"><title>{module}</title>{inside}</item>'
    return found


def _build_ims_resources(course: Course, attributes: str) -> str:
    # In another order than the items have.
    return "".join(
        f'<resource identifier="{path}" type="webcontent"{attributes} href="{path}"><file href="{path}"/></resource>'
        for _, _, path, _ in sorted(iter_lessons(course), key=lambda lesson: lesson[2])
    )


def _build_nav(course: Course) -> str:
    found = ""
    for module in course:
        lines = "".join(
            f'<li><a href="{path}">{escape(title)}</a></li>'
            for own, title, path, _ in iter_lessons(course)
            if own == module
        )
        found += f"<li><span>{module}</span><ol>{lines}</ol></li>"
    return (
        '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"><body>'
        f'<nav epub:type="toc"><ol>{found}</ol></nav></body></html>'
    )


def _build_ncx(course: Course) -> str:
    found = ""
    for module in course:
        lines = "".join(
            f'<navPoint><navLabel><text>{escape(title)}</text></navLabel><content src="{path}"/></navPoint>'
            for own, title, path, _ in iter_lessons(course)
            if own == module
        )
        first = next(path for own, _, path, _ in iter_lessons(course) if own == module)
        found += f'<navPoint><navLabel><text>{module}</text></navLabel><content src="{first}"/>{lines}</navPoint>'
    return f'<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap>{found}</navMap></ncx>'


def _zip(files: Mapping[str, str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return packed.getvalue()
