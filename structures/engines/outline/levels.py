"""Deciding which nodes of a tree are lessons, what is inside them their materials, and which are modules."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from statistics import fmean

from structures.engines.outline.course_words import Level, is_kind_of_file
from structures.engines.outline.name_parts import build_words_key
from structures.engines.outline.plans import Role
from structures.engines.outline.tree import TreeNode

# What is never taught by itself where a text is beside it.
_TASKS = {Role.EXERCISE, Role.SOLUTION, Role.TEACHER_NOTES}
# Beside a main text more further texts than this are rather lessons.
_MAX_FURTHER_TEXTS = 4
# More children than this are hardly the materials of one lesson.
_MAX_MATERIALS = 12


def find_lessons(root: TreeNode) -> set[int]:
    """Return the `id()` of each node below the root that is a lesson; nodes inside a lesson are its materials.

    A node without children is a lesson. One with children is a lesson when they are its materials: for that speaks that
    they are tasks, slides and talks beside a text, that the text is the largest of them, that they have the same names
    in many lessons; for a module speaks that they are numbered, or called lessons, or many. What speaks for the nodes
    of the same depth counts for each of them, so that siblings are read alike.
    """
    by_depth: defaultdict[int, list[TreeNode]] = defaultdict(list)
    _collect_by_depth(root, 0, by_depth)
    lessons: set[int] = set()
    # From the innermost: a node is a module when a lesson is inside.
    for depth in sorted(by_depth, reverse=True):
        nodes = by_depth[depth]
        lessons |= {id(node) for node in nodes if not node.children}
        bundles = [
            node
            for node in nodes
            if node.children and not node.is_module and all(_is_flat(child) for child in node.children)
        ]
        recurring = _find_recurring_keys(bundles)
        own = {id(node): _weigh(node, recurring) for node in bundles}
        if not own:
            continue
        shared = (
            2.0 * fmean(own.values()) + _weigh_siblings(nodes, depth) + (-1.0 if depth == 1 and len(nodes) > 1 else 0.0)
        )
        lessons |= {id(node) for node in bundles if own[id(node)] + shared > 0}
    return lessons


def _collect_by_depth(node: TreeNode, depth: int, by_depth: defaultdict[int, list[TreeNode]]) -> None:
    for child in node.children:
        by_depth[depth + 1].append(child)
        _collect_by_depth(child, depth + 1, by_depth)


def _is_flat(node: TreeNode) -> bool:
    """Tell whether a node holds files only, or nothing but tasks below."""
    return not node.children or all(file.role in _TASKS for file in node.iter_files())


def _list_texts(node: TreeNode) -> list[TreeNode]:
    """Return the children of a node that are taught by themselves.

    Tasks are not, and beside a text neither are slides, talks and what only says what kind of file it is. Without a
    text, slides or talks are what is taught.
    """
    children = [child for child in node.children if not _is_flat_task(child)]
    bodies = [child for child in children if any(file.is_body for file in child.iter_files())]
    body_ids = set(map(id, bodies))
    counted = {child.number for child in children if child.number is not None and id(child) not in body_ids}
    if node.main is None and len(counted) > 1:
        return children
    if node.main is not None or bodies:
        return [child for child in bodies if node.main is None or not is_kind_of_file(child.title)]
    return children


def _is_flat_task(node: TreeNode) -> bool:
    return all(file.role in _TASKS for file in node.iter_files())


def _weigh(node: TreeNode, recurring: Counter[str]) -> float:
    """Return what speaks for a node being one lesson (positive) or a module of its children (negative).

    The weights are choices of which the order matters: what an author says (numbers, words for divisions, folders of
    their own) is 2 or more, what the files are beside one another 1.5, what only their sizes and counts suggest 1.
    """
    main = node.main
    texts = _list_texts(node)
    weight = {Level.PART: -3.0, Level.MODULE: -1.0, Level.LESSON: 2.0, None: 0.0}[node.level]
    if not texts:
        return weight + (3.0 if main is not None or len(node.children) == 1 else -1.0)
    if any(file.is_material for file in node.files) or (main is not None and len(texts) < len(node.children)):
        weight += 1.5
    if _are_numbered(texts):
        weight -= 2.0
    if any(child.level is not None for child in texts):
        weight -= 2.0
    if any(child.basis == "folders" for child in texts):
        weight -= 2.0
    if len(texts) > _MAX_MATERIALS:
        weight -= 1.0
    weight += 1.5 * fmean(recurring[_get_key(child)] > 1 for child in texts)
    if main is None:
        formats = [file.entry.format for child in texts for file in child.iter_files()]
        # One text and its deck or printed form is one lesson; several texts are several.
        if len(texts) == 1 < len(node.children):
            return weight + 3.0
        if len(texts) == 1:
            # A folder with one file is that file; a listed heading above one is what its siblings are.
            return weight + (0.0 if node.title else 1.0)
        return weight + (1.0 if len(set(formats)) == len(formats) else -1.5)
    if len(texts) > _MAX_FURTHER_TEXTS:
        weight -= 1.0
    size = fmean(sum(file.word_count for file in child.iter_files()) for child in texts)
    if main.word_count >= 2 * size:
        return weight + 1.0
    return weight - 1.0 if main.word_count < size else weight


def _are_numbered(nodes: Sequence[TreeNode]) -> bool:
    """Tell whether several nodes count something together: letters, or numbers with few holes."""
    if len({node.letter for node in nodes if node.letter}) > 1:
        return True
    numbers = {node.number for node in nodes if node.number is not None}
    return len(numbers) > 1 and (nodes[0].is_date or max(numbers) - min(numbers) < 2 * len(numbers))


def _weigh_siblings(nodes: Sequence[TreeNode], depth: int) -> float:
    """Return what nodes without children say of the others of their depth: lessons stand beside lessons.

    At the top a folder with one file may as well be a module with one lesson, unless the file is called as main files
    are.
    """
    leaves = [
        node
        for node in nodes
        if not node.children and ((depth > 1 and node.basis == "folders") or any(f.name.is_main for f in node.files))
    ]
    return 2.0 * len(leaves) / len(nodes)


def _get_key(node: TreeNode) -> str:
    return node.key or build_words_key(node.title)


def _find_recurring_keys(nodes: Sequence[TreeNode]) -> Counter[str]:
    """Return in how many nodes a name of a child occurs: names that recur are kinds of materials, not subjects."""
    return Counter(
        key
        for node in nodes
        for key in {_get_key(child) for child in node.children if child.number is None and not child.letter}
        if key
    )
