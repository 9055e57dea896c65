"""Reading the arrangement from what pages say of their own place: front matter, and labels of folders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from materials.documents import Format
from structures.engines.outline.catalog import Catalog, CourseFile
from structures.engines.outline.name_parts import build_words_key
from structures.engines.outline.readings.names import Folder, read_folders
from structures.engines.outline.tree import TreeNode, sort_children, take_main

# What Hugo, Docusaurus, Just the Docs, Jekyll and others call the place of a page among its siblings.
_POSITION_FIELDS = ("weight", "sidebar_position", "nav_order", "order", "sort", "sortorder", "position")
# Positions are whole numbers or fractions (Just the Docs); as whole numbers of thousandths they sort alike.
_SCALE = 1000
_LAST = 10**15
# Levels of pages below one another. The tools that have parents in front matter show three.
_MAX_DEPTH = 12
# When fewer texts say their place, those that do are exceptions rather than the order.
_MIN_SHARE = 0.5
# What Hugo and others call the page of a folder.
_FOLDER_PAGES = {"_index", "index", "readme"}


@dataclass(frozen=True, kw_only=True)
class _Place:
    """What a page or folder says of itself."""

    position: int | None
    title: str


def read_positions(catalog: Catalog) -> TreeNode | None:
    """Return the tree that front matter and folder labels give; None when most texts say nothing of their place."""
    texts = [file for file in catalog.files if file.is_body]
    paged = {file.path[:-1] for file in texts if _is_folder_page(file) and _read_place(file).position is not None}
    placed = [
        file for file in texts if _read_place(file).position is not None or _get_parent(file) or file.path[:-1] in paged
    ]
    if not texts or len(placed) < _MIN_SHARE * len(texts):
        return None
    if any(_get_parent(file) for file in placed):
        tree = _read_parents(catalog.files, catalog.title)
    else:
        labels = {file.path[:-1]: label for file in catalog.contents if (label := _read_label(file)) is not None}
        tree = TreeNode(label=catalog.title)
        _fill(tree, read_folders(catalog.files, catalog.title), (), labels)
        while len(tree.children) == 1 and not tree.files and len(tree.children[0].children) > 1:
            tree.children, tree.files = tree.children[0].children, tree.children[0].files
    sort_children(tree)
    return tree


def _read_label(file: CourseFile) -> _Place | None:
    """Return what a contents file says of its own folder; None when it says nothing of it."""
    contents = file.entry.contents
    if contents is None or file.entry.format is not Format.CONTENTS:
        return None
    if contents.position is None and (contents.items or not contents.title):
        return None
    return _Place(position=_scale(contents.position), title=contents.title)


def _is_folder_page(file: CourseFile) -> bool:
    return file.entry.name.rsplit(".", 1)[0].casefold() in _FOLDER_PAGES


def _read_place(file: CourseFile) -> _Place:
    said = file.entry.metadata
    position = next((said[name] for name in _POSITION_FIELDS if name in said), None)
    title = next((said[name] for name in ("title", "sidebar_label", "nav_title", "linkTitle") if said.get(name)), "")
    return _Place(position=_scale(position), title=title if isinstance(title, str) else "")


def _scale(position: object) -> int | None:
    if isinstance(position, str):
        try:
            position = float(position)
        except ValueError:
            return None
    if isinstance(position, bool) or not isinstance(position, int | float) or position != position:
        return None
    return round(position * _SCALE) if abs(position) < 1e12 else None


def _get_parent(file: CourseFile) -> str:
    parent = file.entry.metadata.get("parent")
    return parent if isinstance(parent, str) else ""


def _fill(node: TreeNode, folder: Folder, path: tuple[str, ...], labels: dict[tuple[str, ...], _Place]) -> None:
    """Add the files and folders of a folder to its node."""
    page = next((file for file in folder.files if _is_folder_page(file)), None)
    for place in (labels.get(path), _read_place(page) if page is not None else None):
        if place is not None and path:
            node.number = node.number if node.number is not None else place.position
            node.title = node.title or place.title
    for file in folder.files:
        own = _read_place(file)
        if file is page or (own.position is None and page is not None):
            node.files.append(file)
        else:
            label = own.title or file.title or file.entry.name
            child = TreeNode(number=own.position, title=own.title, label=label, basis="front matter", files=[file])
            node.children.append(child)
    for inner in folder.folders:
        child = TreeNode(label=inner.title, words=" ".join(s.words for s in inner.name.steps), basis="front matter")
        _fill(child, inner, (*path, inner.title), labels)
        child.children.sort(key=lambda each: each.number if each.number is not None else _LAST)
        take_main(child)
        node.children.append(child)


def _read_parents(files: Sequence[CourseFile], title: str) -> TreeNode:
    """Return the tree of pages that name the titles of those above them, as Just the Docs has it.

    Files without a title in front matter are not in it.
    """
    root = TreeNode(label=title)
    nodes: dict[tuple[str, str], TreeNode] = {}
    by_title: dict[str, TreeNode] = {}
    pages = [file for file in files if "title" in file.entry.metadata]
    made = []
    for file in pages:
        place = _read_place(file)
        node = TreeNode(number=place.position, title=place.title, label=place.title, basis="front matter", files=[file])
        made.append(node)
        nodes.setdefault((build_words_key(_get_parent(file)), build_words_key(place.title)), node)
        by_title.setdefault(build_words_key(place.title), node)
    above: dict[int, TreeNode] = {}
    for file, node in zip(pages, made, strict=True):
        parent = build_words_key(_get_parent(file))
        grand = file.entry.metadata.get("grand_parent")
        found = nodes.get((build_words_key(grand), parent)) if isinstance(grand, str) else None
        found = found or nodes.get(("", parent)) or by_title.get(parent)
        if parent and found is not None:
            above[id(node)] = found
    for node in made:
        if not _reaches_top(node, above):
            del above[id(node)]
    for node in made:
        above.get(id(node), root).children.append(node)
    return root


def _reaches_top(node: TreeNode, above: Mapping[int, TreeNode]) -> bool:
    """Tell whether the way up from a node ends within `_MAX_DEPTH` steps, which it does not in a circle."""
    for _ in range(_MAX_DEPTH):
        if id(node) not in above:
            return True
        node = above[id(node)]
    return False
