"""Giving files that accompany lessons (slides, talks, tasks, solutions) to the lessons that they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from structures.engines.outline.course_words import TALK_WORDS
from structures.engines.outline.name_parts import are_compatible
from structures.engines.outline.owners import MOST, NodeIndex, OwnerIndex, PlaceIndex
from structures.engines.outline.plans import Role
from structures.engines.outline.readings.names import Branch, read_names
from structures.engines.outline.tree import TreeNode, sort_children

_FOR_TEACHERS = {Role.SOLUTION, Role.TEACHER_NOTES}
_TASKS = {Role.EXERCISE, *_FOR_TEACHERS}


def attach_branches(root: TreeNode, branches: Sequence[Branch], lessons: set[int]) -> None:
    """Give the files of folders such as `slides` to the nodes that they belong to.

    Three ways are tried for the whole of a folder: the numbers in the names of its files, links to them, and words in
    names and titles; the way that places most of them is taken, then the others for the rest. What no way places stays
    together as a module under the folder's name, solutions and notes for teachers with the whole course.
    """
    index = NodeIndex(root)
    ordered = [node for node in root.iter_nodes() if id(node) in lessons]
    for branch in branches:
        source = read_names(branch.folder).root
        units = [node for node in source.iter_nodes() if node.files]
        if not units:
            continue
        by_number, new = _match_numbers(branch.place, source)
        by_running_number = _match_running_numbers(ordered, source)
        ways = sorted((index.match_links(units), index.match_words(units), by_running_number), key=len, reverse=True)
        # Numbers that nothing contradicts are the plainest statement of a place. Then a number that no lesson has is
        # that of a lesson of its own, not a count of lessons.
        is_numbered = len(by_number) + new >= MOST * len(units) or len(by_number) + new > len(ways[0])
        if is_numbered:
            ways = [by_number, *(way for way in ways if way is not by_running_number)]
        else:
            ways.append(by_number)
        placed: dict[int, TreeNode] = {}
        for way in ways:
            for key, target in way.items():
                placed.setdefault(key, target)
        rest = [unit for unit in units if id(unit) not in placed]
        for unit in units:
            if id(unit) in placed:
                placed[id(unit)].files += unit.files
                index.add_files(placed[id(unit)], unit.files)
        if rest and is_numbered:
            _insert_at_numbers(branch.place, source, {id(unit) for unit in rest}, index)
        elif rest and branch.folder.medium in _FOR_TEACHERS:
            # No learner is taught by solutions alone: they stay with the course, which says that it lists them nowhere.
            root.files += [file for unit in rest for file in unit.files]
            index.add_files(root, [file for unit in rest for file in unit.files])
        elif rest:
            index.add_nodes(_add_as_module(root, branch, rest))
    sort_children(root)


def _match_numbers(place: TreeNode, source: TreeNode) -> tuple[dict[int, TreeNode], int]:
    """Match nodes with the same numbers on the way to them, and count those that fill a hole in the numbering.

    Nothing where the names contradict the numbers, or most numbers are not those of the place.
    """
    found: dict[int, TreeNode] = {}
    compared = agreed = new = 0
    places = PlaceIndex()
    last_numbers: dict[int, int | None] = {}

    def walk(target: TreeNode, node: TreeNode) -> None:
        nonlocal compared, agreed, new
        if node.files and node is not source:
            found[id(node)] = target
        if node.children and id(target) not in last_numbers:
            numbers = (c.number for c in target.children if c.number is not None and not c.is_date)
            last_numbers[id(target)] = max(numbers, default=None)
        for child in node.children:
            last = last_numbers[id(target)]
            same = places.find_child(target, child)
            if same is None:
                if child.number is not None and (
                    (target is not place and (last is None or child.number <= last + 1))
                    or (last is not None and child.number < last)
                ):
                    new += sum(1 for below in child.iter_nodes() if below.files)
                continue
            if child.key and same.key:
                compared += 1
                agreed += are_compatible(child.key, same.key)
            walk(same, child)

    walk(place, source)
    total = sum(1 for node in source.iter_nodes() if node.files)
    if 2 * agreed < compared or 2 * (len(found) + new) < total:
        return {}, 0
    return found, new


def _match_running_numbers(ordered: Sequence[TreeNode], source: TreeNode) -> dict[int, TreeNode]:
    """Match numbers that run over the lessons of the whole course, which are given in order."""
    numbered = [c for c in source.children if c.number is not None and not c.children]
    if not numbered or len(numbered) < len(source.children) or max(c.number or 0 for c in numbered) > len(ordered):
        return {}
    if not all((c.number or 0) >= 1 for c in numbered):
        return {}
    # Where the files name what they are about, that must agree with where they would land.
    pairs = [(child, ordered[(child.number or 1) - 1]) for child in numbered]
    return {id(child): node for child, node in pairs}


def _insert_at_numbers(place: TreeNode, source: TreeNode, wanted: set[int], index: NodeIndex) -> None:
    """Make nodes at the numbers that only the branch has."""

    known: dict[int, dict[tuple[int | None, str], TreeNode]] = {}

    def walk(target: TreeNode, node: TreeNode) -> None:
        if id(target) not in known:
            # Of several at one number the first.
            known[id(target)] = {(c.number, c.letter): c for c in reversed(target.children)}
        for child in node.children:
            if not any(id(below) in wanted for below in child.iter_nodes()):
                continue
            same = known[id(target)].get((child.number, child.letter))
            if same is None:
                target.children.append(child)
                known[id(target)][child.number, child.letter] = child
                index.add_nodes(child)
                continue
            if id(child) in wanted:
                same.files += child.files
                index.add_files(same, child.files)
            walk(same, child)

    if id(source) in wanted:
        place.files += source.files
        index.add_files(place, source.files)
    walk(place, source)


def _add_as_module(root: TreeNode, branch: Branch, units: Sequence[TreeNode]) -> TreeNode:
    children = [replace(unit, basis="folders", children=[]) for unit in units]
    module = TreeNode(words=branch.title, label=branch.title, basis="folders", children=children)
    root.children.append(module)
    return module


def attach_materials(root: TreeNode, lessons: set[int]) -> None:
    """Give files that accompany a text, and are lessons of their own, to the sibling that they belong to.

    Of a task or solution that is the sibling that links to it, whose name it contains, that has its number, or the only
    other one. What only its kind and place name (`02-slides`, `03-worksheet`) belongs to the text that it follows.
    Slides, talks and the like that belong to the whole course belong to its lesson where it has only one.
    """
    only = next((node for node in root.iter_nodes() if id(node) in lessons), None) if len(lessons) == 1 else None
    if only is not None:
        only.files += [file for file in root.files if file.is_material]
        root.files = [file for file in root.files if not file.is_material]
    for parent in list(root.iter_nodes()):
        if id(parent) in lessons:
            continue
        _attach_unnamed(parent, lessons)
        _attach_tasks(parent, lessons)


def _attach_tasks(parent: TreeNode, lessons: set[int]) -> None:
    """Give the tasks and solutions among the children of a node to the texts among them."""
    tasks = {id(c) for c in parent.children if id(c) in lessons and _is_all(c, _TASKS)}
    texts = [c for c in parent.children if id(c) in lessons and id(c) not in tasks]
    if not texts:
        return
    index = OwnerIndex(texts)
    given: set[int] = set()
    before = texts[0]
    for child in parent.children:
        if id(child) in tasks:
            target = index.find_owner(child) or (before if _is_all(child, _FOR_TEACHERS) else None)
            if target is not None:
                index.give_files(target, child.iter_files())
                given.add(id(child))
        elif id(child) in lessons:
            before = child
    for group in [c for c in parent.children if id(c) not in lessons and _is_all(c, _TASKS)]:
        _attach_group(group, index)
    parent.children = [c for c in parent.children if id(c) not in given and (c.files or c.children)]


def _attach_unnamed(parent: TreeNode, lessons: set[int]) -> None:
    """Give children that only their kind and place name to the text before them, or after them where they come first.

    Two of one kind between texts are a series of lessons rather than what accompanies one: they stay.
    """
    runs: list[list[TreeNode]] = [[]]
    texts: list[TreeNode] = []
    for child in parent.children:
        if id(child) in lessons and _is_unnamed(child):
            runs[-1].append(child)
        else:
            texts.append(child)
            runs.append([])
    if not any(id(text) in lessons and any(file.is_body for file in text.iter_files()) for text in texts):
        return
    # With what accompanies it before each text, the last text is followed by nothing.
    given: set[int] = set()
    owners = [*texts, None] if runs[0] else [None, *texts]
    for owner, run in zip(owners, runs, strict=True):
        roles = [file.role for child in run for file in child.iter_files()]
        if owner is None or id(owner) not in lessons or len(set(roles)) < len(roles):
            continue
        for child in run:
            owner.files += child.iter_files()
            given.add(id(child))
    parent.children = [child for child in parent.children if id(child) not in given]


def _is_unnamed(node: TreeNode) -> bool:
    """Tell whether only a place among the siblings and kinds of material name a node and its files."""
    return (
        not node.title
        and (not node.key or (node.key in TALK_WORDS and _is_all(node, {Role.TRANSCRIPT})))
        and not node.is_date
        and not any(step.level for file in node.iter_files() for step in file.name.steps)
        and all(file.is_material for file in node.iter_files())
    )


def _attach_group(group: TreeNode, index: OwnerIndex) -> None:
    """Give the tasks of a group, such as numbered worksheets, to the lessons with their numbers or names."""
    kept = []
    for task in group.children:
        target = index.find_owner(task)
        if target is not None:
            index.give_files(target, task.iter_files())
        else:
            kept.append(task)
    group.children = kept


def _is_all(node: TreeNode, roles: set[Role]) -> bool:
    files = list(node.iter_files())
    return bool(files) and all(file.role in roles for file in files)
