"""Read imsmanifest.xml of IMS Content Packages, Common Cartridges (1.0 to 1.3) and SCORM (1.2, 2004)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from materials.documents import Contents, ContentsItem
from materials.readers.base.outlines import build_item
from materials.readers.contents.errors import NotContents
from materials.readers.contents.xml_trees import get_attribute, get_child_text, get_name, list_children, parse_xml

LABEL = "imsmanifest.xml"


def read(text: str, _name: str) -> Contents:
    """Return the items of the organization, else the resources of a package that organizes nothing.

    Raises NotContents.
    """
    root = parse_xml(text)
    if get_name(root) != "manifest":
        raise NotContents("it is no manifest.")
    addresses = dict(_iter_resources(root))
    title = _find_title(root)
    organization = _choose_organization(root)
    items: tuple[ContentsItem, ...] = ()
    if organization is not None:
        items = tuple(_iter_items(organization, addresses))
        # Cartridges have one item without a title around all others.
        if len(items) == 1 and not items[0].title and not items[0].target:
            items = items[0].children
        title = get_child_text(organization, "title") or title
    if not items:
        items = tuple(build_item(address=address) for address in addresses.values() if address)
    if not items:
        raise NotContents("it lists neither items nor resources.")
    return Contents(dialect=LABEL, items=items, title=title)


def _choose_organization(root: Any) -> Any:
    """Return the organization that the manifest calls its default, else the first that has items."""
    for organizations in list_children(root, "organizations"):
        found = list_children(organizations, "organization")
        default = get_attribute(organizations, "default")
        found.sort(key=lambda each: get_attribute(each, "identifier") != default)
        return next((each for each in found if list_children(each, "item")), None)
    return None


def _iter_resources(root: Any) -> Iterator[tuple[str, str]]:
    """Yield the identifier and the address of each resource: of the file that opens it, else of its first."""
    above = get_attribute(root, "base")
    for resources in list_children(root, "resources"):
        folder = above + get_attribute(resources, "base")
        for resource in list_children(resources, "resource"):
            address = get_attribute(resource, "href")
            if not address:
                address = next((get_attribute(file, "href") for file in list_children(resource, "file")), "")
            base = folder + get_attribute(resource, "base")
            yield get_attribute(resource, "identifier"), f"{base}{address}" if address else ""


def _iter_items(element: Any, addresses: Mapping[str, str]) -> Iterator[ContentsItem]:
    for item in list_children(element, "item"):
        yield build_item(
            get_child_text(item, "title"),
            addresses.get(get_attribute(item, "identifierref"), ""),
            children=_iter_items(item, addresses),
        )


def _find_title(root: Any) -> str:
    """Return the title in the metadata (LOM: a string in `general/title`), blank without one."""
    for metadata in list_children(root, "metadata"):
        for title in metadata.iter():
            above = title.getparent()
            if get_name(title) == "title" and above is not None and get_name(above) == "general":
                return " ".join("".join(title.itertext()).split())
    return ""
