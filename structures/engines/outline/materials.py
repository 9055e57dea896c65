"""Giving files that accompany lessons (slides, talks, tasks, solutions) to the lessons that they belong to."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace

from structures.engines.outline.course_words import TALK_WORDS
from structures.engines.outline.name_parts import are_compatible, build_words_key
from structures.engines.outline.plans import Role
from structures.engines.outline.readings.names import Branch, read_names
from structures.engines.outline.tree import TreeNode, sort_children

_FOR_TEACHERS = {Role.SOLUTION, Role.TEACHER_NOTES}
_TASKS = {Role.EXERCISE, *_FOR_TEACHERS}
# A choice: most of a folder's files. Fewer leave too many to chance, all would let one stray file decide.
_MOST = 0.8


def attach_branches(root: TreeNode, branches: Sequence[Branch], lessons: set[int]) -> None:
    """Give the files of folders such as `slides` to the nodes that they belong to.

    Three ways are tried for the whole of a folder: the numbers in the names of its files, links to them, and words in
    names and titles; the way that places most of them is taken, then the others for the rest. What no way places stays
    together as a module under the folder's name, solutions and notes for teachers with the whole course.
    """
    for branch in branches:
        source = read_names(branch.folder).root
        units = [node for node in source.iter_nodes() if node.files]
        if not units:
            continue
        by_number, new = _match_numbers(branch.place, source)
        by_running_number = _match_running_numbers(root, source, lessons)
        ways = sorted((_match_links(root, units), _match_words(root, units), by_running_number), key=len, reverse=True)
        # Numbers that nothing contradicts are the plainest statement of a place. Then a number that no lesson has is
        # that of a lesson of its own, not a count of lessons.
        is_numbered = len(by_number) + new >= _MOST * len(units) or len(by_number) + new > len(ways[0])
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
        if rest and is_numbered:
            _insert_at_numbers(branch.place, source, {id(unit) for unit in rest})
        elif rest and branch.folder.medium in _FOR_TEACHERS:
            # No learner is taught by solutions alone: they stay with the course, which says that it lists them nowhere.
            root.files += [file for unit in rest for file in unit.files]
        elif rest:
            _add_as_module(root, branch, rest)
    sort_children(root)


def _match_numbers(place: TreeNode, source: TreeNode) -> tuple[dict[int, TreeNode], int]:
    """Match nodes with the same numbers on the way to them, and count those that fill a hole in the numbering.

    Nothing where the names contradict the numbers, or most numbers are not those of the place.
    """
    found: dict[int, TreeNode] = {}
    compared = agreed = new = 0

    def walk(target: TreeNode, node: TreeNode) -> None:
        nonlocal compared, agreed, new
        if node.files and node is not source:
            found[id(node)] = target
        known = [c.number for c in target.children if c.number is not None and not c.is_date]
        for child in node.children:
            same = next((c for c in target.children if _has_same_place(c, child)), None)
            if same is None:
                if (
                    child.number is not None and (not known or child.number <= max(known) + 1) and target is not place
                ) or (child.number is not None and known and child.number < max(known)):
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


def _has_same_place(one: TreeNode, other: TreeNode) -> bool:
    if one.number is None and not one.letter:
        return bool(one.key) and one.key == other.key and other.number is None
    return one.number == other.number and one.letter == other.letter and one.is_date == other.is_date


def _match_links(root: TreeNode, units: Sequence[TreeNode]) -> dict[int, TreeNode]:
    """Match files with the first node one of whose files links to them."""
    linked: defaultdict[int, list[TreeNode]] = defaultdict(list)
    for node in root.iter_nodes():
        for file in node.files:
            for target in file.links:
                linked[id(target)].append(node)
    found = {}
    for unit in units:
        nodes = [node for file in unit.files for node in linked.get(id(file), ()) if node is not root]
        if nodes:
            found[id(unit)] = nodes[0]
    return found


def _match_words(root: TreeNode, units: Sequence[TreeNode]) -> dict[int, TreeNode]:
    """Match nodes whose names or titles have the same words, but those that all names or titles of the units share.

    The answers to `Loops` and `Lists` may be called `Loops answers` and `Lists answers`.
    """
    by_key: dict[str, TreeNode] = {}
    for node in root.iter_nodes():
        for key in {node.key, *(build_words_key(file.title) for file in node.files)}:
            if key:
                by_key.setdefault(key, node)
    shared = _find_shared_words([unit.key for unit in units])
    shared_in_titles = _find_shared_words([build_words_key(file.title) for unit in units for file in unit.files])
    found = {}
    for unit in units:
        titles = [build_words_key(file.title) for file in unit.files]
        distinct = [_without(unit.key, shared), *(_without(title, shared_in_titles) for title in titles)]
        for key in (unit.key, *titles, *distinct):
            if key in by_key:
                found[id(unit)] = by_key[key]
                break
    return found


def _find_shared_words(keys: Sequence[str]) -> set[str]:
    """Return the words that nearly all of several names have, which say nothing of one of them."""
    counts = Counter(word for key in keys for word in set(key.split()))
    return {word for word, count in counts.items() if count > 1 and count >= _MOST * len(keys)}


def _without(key: str, shared: set[str]) -> str:
    return " ".join(word for word in key.split() if word not in shared)


def _match_running_numbers(root: TreeNode, source: TreeNode, lessons: set[int]) -> dict[int, TreeNode]:
    """Match numbers that run over the lessons of the whole course."""
    ordered = [node for node in root.iter_nodes() if id(node) in lessons]
    numbered = [c for c in source.children if c.number is not None and not c.children]
    if not numbered or len(numbered) < len(source.children) or max(c.number or 0 for c in numbered) > len(ordered):
        return {}
    if not all((c.number or 0) >= 1 for c in numbered):
        return {}
    # Where the files name what they are about, that must agree with where they would land.
    pairs = [(child, ordered[(child.number or 1) - 1]) for child in numbered]
    return {id(child): node for child, node in pairs}


def _insert_at_numbers(place: TreeNode, source: TreeNode, wanted: set[int]) -> None:
    """Make nodes at the numbers that only the branch has."""

    def walk(target: TreeNode, node: TreeNode) -> None:
        for child in node.children:
            if not any(id(below) in wanted for below in child.iter_nodes()):
                continue
            same = next((c for c in target.children if c.number == child.number and c.letter == child.letter), None)
            if same is None:
                target.children.append(child)
                continue
            if id(child) in wanted:
                same.files += child.files
            walk(same, child)

    if id(source) in wanted:
        place.files += source.files
    walk(place, source)


def _add_as_module(root: TreeNode, branch: Branch, units: Sequence[TreeNode]) -> None:
    children = [replace(unit, basis="folders", children=[]) for unit in units]
    root.children.append(TreeNode(words=branch.title, label=branch.title, basis="folders", children=children))


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
        tasks = [c for c in parent.children if id(c) in lessons and _is_all(c, _TASKS)]
        texts = [c for c in parent.children if id(c) in lessons and c not in tasks]
        if not texts:
            continue
        for task in tasks:
            target = _find_owner(task, texts)
            if target is None and _is_all(task, _FOR_TEACHERS):
                place = parent.children.index(task)
                before = [c for c in parent.children[:place] if c in texts]
                target = before[-1] if before else texts[0]
            if target is not None:
                target.files += task.iter_files()
                parent.children.remove(task)
        for group in [c for c in parent.children if id(c) not in lessons and _is_all(c, _TASKS)]:
            _attach_group(group, texts)
        parent.children = [c for c in parent.children if c.files or c.children]


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
    owners = [*texts, None] if runs[0] else [None, *texts]
    for owner, run in zip(owners, runs, strict=True):
        roles = [file.role for child in run for file in child.iter_files()]
        if owner is None or id(owner) not in lessons or len(set(roles)) < len(roles):
            continue
        for child in run:
            owner.files += child.iter_files()
            parent.children.remove(child)


def _is_unnamed(node: TreeNode) -> bool:
    """Tell whether only a place among the siblings and kinds of material name a node and its files."""
    return (
        not node.title
        and (not node.key or (node.key in TALK_WORDS and _is_all(node, {Role.TRANSCRIPT})))
        and not node.is_date
        and not any(step.level for file in node.iter_files() for step in file.name.steps)
        and all(file.is_material for file in node.iter_files())
    )


def _attach_group(group: TreeNode, texts: Sequence[TreeNode]) -> None:
    """Give the tasks of a group, such as numbered worksheets, to the lessons with their numbers or names."""
    for task in list(group.children):
        target = _find_owner(task, texts)
        if target is not None:
            target.files += task.iter_files()
            group.children.remove(task)


def _is_all(node: TreeNode, roles: set[Role]) -> bool:
    files = list(node.iter_files())
    return bool(files) and all(file.role in roles for file in files)


def _find_owner(task: TreeNode, texts: Sequence[TreeNode]) -> TreeNode | None:
    mine = {id(file) for file in task.iter_files()}
    linking = [text for text in texts if any(id(link) in mine for file in text.iter_files() for link in file.links)]
    if len(linking) == 1:
        return linking[0]
    named = [text for text in texts if text.key and f" {text.key} " in f" {task.key} "]
    if named:
        return max(named, key=lambda text: len(text.key))
    if len(texts) == 1 and task.number is None:
        return texts[0]
    number = _find_number(task)
    numbered = [text for text in texts if number is not None and text.number == number and not text.is_date]
    return numbered[0] if len(numbered) == 1 else None


def _find_number(task: TreeNode) -> int | None:
    """Return the number of a task, also one behind the words of its name; None without one."""
    if task.number is not None:
        return task.number
    found = {file.name.tail.number for file in task.iter_files() if file.name.tail is not None}
    return found.pop() if len(found) == 1 else None
