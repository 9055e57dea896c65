"""Reading the arrangement from folders and from the numbers and words in names."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from structures.engines.outline.catalog import CourseFile
from structures.engines.outline.course_words import CONTAINERS
from structures.engines.outline.name_parts import ParsedName, Step, are_compatible, build_words_key, parse_name
from structures.engines.outline.plans import Role
from structures.engines.outline.readings import numbers
from structures.engines.outline.readings.enumerators import resolve_enumerators
from structures.engines.outline.tree import TreeNode, sort_children

# What nearly all siblings share says nothing of one of them. A choice between half (a majority) and all (where one
# stray file would spoil it).
_MOST = 0.8
# Abbreviations of kinds of files have so many letters at most (`AB` for Arbeitsblatt, `LV`); a longer prefix is a word
# of the subject: `loops1`, `lists1` are two subjects.
_MAX_KIND_LETTERS = 3
# Of siblings with one number so many that have a word in common are compared with a new name. Fewer than a dozen may be
# parts of one lesson; of thousands the word says as little as the number does.
_MAX_ALIKE = 40
# So many folders inside one another are read. A choice: the sample courses have 7 at most, and Python's calls, of which
# each folder takes some, end at a thousand.
_MAX_DEPTH = 30


@dataclass(eq=False, kw_only=True)
class Folder:
    """A folder of the materials. `medium` is the kind of files that its name promises, None for other names."""

    title: str
    name: ParsedName
    medium: Role | None
    files: list[CourseFile] = field(default_factory=list)
    folders: list[Folder] = field(default_factory=list)

    def iter_files(self) -> Iterable[CourseFile]:
        yield from self.files
        for folder in self.folders:
            yield from folder.iter_files()


def is_container(folder: str) -> bool:
    """Tell whether the name of a folder says only that something is inside, such as `lessons`."""
    return build_words_key(folder) in CONTAINERS or not parse_name(folder).steps


@dataclass(eq=False, kw_only=True)
class Branch:
    """A folder that holds one kind of files, such as `slides`, beside the folders or texts of what is taught."""

    title: str
    place: TreeNode
    folder: Folder


@dataclass(kw_only=True)
class NameReading:
    """A tree read from names, with the branches that are not part of it yet."""

    root: TreeNode
    branches: list[Branch]


def read_folders(files: Iterable[CourseFile], title: str) -> Folder:
    """Return the folders of the files, with the files in them in order.

    What lies deeper than `_MAX_DEPTH` folders stands in the last of them.
    """
    top = Folder(title=title, name=parse_name(title), medium=None)
    by_path: dict[tuple[str, ...], Folder] = {(): top}
    for file in files:
        _get_folder(by_path, file.path[:-1][:_MAX_DEPTH]).files.append(file)
    return top


def _get_folder(by_path: dict[tuple[str, ...], Folder], path: tuple[str, ...]) -> Folder:
    if path not in by_path:
        parsed = parse_name(path[-1])
        folder = Folder(title=path[-1], name=parsed, medium=None if parsed.steps else parsed.role)
        _get_folder(by_path, path[:-1]).folders.append(folder)
        by_path[path] = folder
    return by_path[path]


def read_names(folder: Folder) -> NameReading:
    """Return the tree that the names below a folder give."""
    reading = NameReading(root=TreeNode(label=folder.title, words=folder.title), branches=[])
    _fill(reading.root, [folder], reading)
    _group_repeated_numbers(reading.root)
    sort_children(reading.root)
    return reading


@dataclass(eq=False, kw_only=True)
class _Item:
    """A file or folder whose name is being read together with its siblings'."""

    steps: tuple[Step, ...]
    name: ParsedName
    file: CourseFile | None = None
    folder: Folder | None = None


def _fill(node: TreeNode, folders: Sequence[Folder], reading: NameReading) -> None:
    """Add what is in the folders to a node: all their names are read as names of siblings."""
    items: list[_Item] = []
    media: list[Folder] = []
    for folder in folders:
        _collect_items(folder, items, media)
    if _is_taught_by_media(items, media):
        main = _choose_main_medium(media)
        media.remove(main)
        _collect_items(main, items, media, enter=True)
    reading.branches += [Branch(title=m.title, place=node, folder=m) for m in media]
    _resolve_siblings(node, items)
    inside: dict[int, tuple[TreeNode, list[Folder]]] = {}
    # The shortest names first: the others of the same number add to them (`Loops`, `Loops - on paper`).
    order = {id(item): place for place, item in enumerate(items)}
    index = _ChildIndex()
    ways = {id(item): _insert(node, item, index) for item in sorted(items, key=_measure_words)}
    first: dict[int, int] = {}
    for item in items:
        for passed in ways[id(item)]:
            first.setdefault(id(passed), order[id(item)])
    _sort_by(node, first)
    for item in items:
        target = ways[id(item)][-1] if ways[id(item)] else node
        if item.file is not None:
            target.files.append(item.file)
        elif item.folder is not None:
            inside.setdefault(id(target), (target, []))[1].append(item.folder)
    for target, below in inside.values():
        _fill(target, below, reading)


def _collect_items(folder: Folder, items: list[_Item], media: list[Folder], *, enter: bool = False) -> None:
    items.extend(_Item(steps=file.name.steps, name=file.name, file=file) for file in folder.files)
    for inner in folder.folders:
        if inner.medium is not None:
            media.append(inner)
        elif is_container(inner.title):
            _collect_items(inner, items, media)
        else:
            items.append(_Item(steps=inner.name.steps, name=inner.name, folder=inner))


def _is_taught_by_media(items: Sequence[_Item], media: Sequence[Folder]) -> bool:
    """Tell whether folders for kinds of files hold all that is taught here, beside an overview at most."""
    return bool(media) and not any(item.folder is not None or item.steps for item in items)


def _choose_main_medium(media: Sequence[Folder]) -> Folder:
    """Return the folder that shows the arrangement best: the one whose files have most different places."""
    # Of equals a text says more of a lesson than a deck, a deck more than a task.
    ranks = [Role.BODY, Role.READING, Role.SLIDES, Role.TRANSCRIPT, Role.TEACHER_NOTES, Role.EXERCISE, Role.SOLUTION]

    def rate(folder: Folder) -> tuple[int, int]:
        role = folder.medium or Role.BODY
        places = {
            tuple((step.number, step.letter, step.key) for step in file.name.steps) for file in folder.iter_files()
        }
        return len(places), -ranks.index(role) if role in ranks else -len(ranks)

    return max(media, key=rate)


# --- names of siblings ------------------------------------------------------------------------------------------------


def _resolve_siblings(node: TreeNode, items: list[_Item]) -> None:
    """Decide what the numbers and words of sibling names mean, which no name tells alone."""
    for item in items:
        item.steps = _drop_letters_of_kinds(item, _drop_dates_of_numbered(item.steps))
    resolve_enumerators(items)
    _resolve_prefixes(items)
    _resolve_tails(items)
    numbers.split_digits([item for item in items if item.file is not None], node.number)
    numbers.split_digits([item for item in items if item.folder is not None], node.number)
    _drop_number_of_parent(node, items)


def _drop_dates_of_numbered(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    without = tuple(step for step in steps if not step.is_date)
    return without if any(step.number is not None for step in without) else steps


def _drop_letters_of_kinds(item: _Item, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Drop the letter of a further file of a kind: `handout_13b` is of lesson 13 as `handout_13` is."""
    if item.name.role is None or not steps or not steps[-1].letter or steps[-1].number is None or steps[-1].words:
        return steps
    return (*steps[:-1], replace(steps[-1], letter=""))


def _resolve_prefixes(items: list[_Item]) -> None:
    """Decide what a word before the first number says: nothing where all have it, a group where several do."""
    prefixed: defaultdict[str, list[_Item]] = defaultdict(list)
    for item in items:
        if item.name.prefix:
            prefixed[item.name.prefix.casefold()].append(item)
    numbered = sum(any(step.number is not None for step in item.steps) for item in items)
    numbers_by_prefix = {
        prefix: frozenset(item.steps[0].number for item in found) for prefix, found in prefixed.items()
    }
    # Compared once each: thousands of prefixes count the same few things.
    times = Counter(numbers_by_prefix.values())
    for prefix, found in prefixed.items():
        if len(found) >= _MOST * numbered and len(found) > 1:
            continue
        own = numbers_by_prefix[prefix]
        # Short prefixes that count the same things are kinds of files: `AB1`, `LV1`.
        is_kind = len(prefix) <= _MAX_KIND_LETTERS and any(
            2 * len(known & own) >= min(len(known), len(own)) > 1 for known in times if known != own or times[own] > 1
        )
        if is_kind:
            continue
        for item in found:
            if len(found) > 1:
                item.steps = (Step(words=item.name.prefix, label=item.name.prefix), *item.steps)
            elif len(prefix) > 1 and item.steps:
                first = item.steps[0]
                words = f"{item.name.prefix} {first.words}".strip() if first.words else item.name.prefix
                item.steps = (replace(first, words=words), *item.steps[1:])


def _resolve_tails(items: list[_Item]) -> None:
    """Read numbers behind words where siblings have the same words: `Loops part 1`, `Loops part 2`."""
    tailed: defaultdict[str, list[_Item]] = defaultdict(list)
    for item in items:
        if item.name.tail is not None and len(item.steps) == 1 and item.steps[0].number is None:
            tailed[build_words_key(_without_tail(item.name))].append(item)
    count = sum(bool(item.steps) for item in items)
    for found in tailed.values():
        if len({item.name.tail.number for item in found if item.name.tail is not None}) < 2:
            continue
        is_all = len(found) == count
        for item in found:
            assert item.name.tail is not None
            group = Step(words=_without_tail(item.name), label=_without_tail(item.name))
            tail = replace(item.name.tail, label=item.steps[0].label)
            item.steps = (tail,) if is_all else (group, tail)


def _without_tail(name: ParsedName) -> str:
    assert name.tail is not None
    return (
        name.steps[-1]
        .words.removesuffix(name.tail.digits)
        .rstrip(" -–.")
        .removesuffix(name.tail.label.removesuffix(name.tail.digits).strip())
        .rstrip(" -–.")
    )


def _drop_number_of_parent(node: TreeNode, items: list[_Item]) -> None:
    """Drop the first number of names that repeat their folder's: `03 Loops/03-01 While`."""
    if node.number is None:
        return
    numbered = [item for item in items if item.steps and item.steps[0].number is not None]
    repeating = [item for item in numbered if item.steps[0].number == node.number and not item.steps[0].is_date]
    inner = [item for item in repeating if len(item.steps) > 1]
    same_words = [item for item in repeating if node.key and are_compatible(node.key, item.steps[0].key)]
    if len(repeating) < _MOST * len(numbered) or not (
        len(repeating) > 1 or inner or any(item.steps[0].key for item in same_words)
    ):
        return
    for item in repeating:
        first, rest = item.steps[0], item.steps[1:]
        if rest or not first.words or are_compatible(node.key, first.key):
            item.steps = rest
        else:
            item.steps = (replace(first, number=None),)


# --- inserting --------------------------------------------------------------------------------------------------------


def _measure_words(item: _Item) -> int:
    return len(item.steps[-1].words) if item.steps else 0


def _sort_by(node: TreeNode, first: dict[int, int]) -> None:
    node.children.sort(key=lambda child: first.get(id(child), -1))
    for child in node.children:
        _sort_by(child, first)


_Place = tuple[int, bool, str, int | None, str]


class _ChildIndex:
    """The children of nodes by what tells them apart: a folder may hold thousands of files."""

    def __init__(self) -> None:
        self._children: defaultdict[_Place, list[TreeNode]] = defaultdict(list)
        self._indexed: set[int] = set()
        # By a word of their names, too, where these vary beside a number; blank for names without words.
        self._by_word: defaultdict[tuple[_Place, str], list[int]] = defaultdict(list)

    def find_child(self, node: TreeNode, step: Step) -> TreeNode | None:
        """Return the child of a node that a step means; None when there is none."""
        if id(node) not in self._indexed:
            self._indexed.add(id(node))
            for child in node.children:
                self._add(node, child)
        key = step.key
        place = _get_place(node, step)
        children = self._children.get(place, [])
        if step.number is None or not key:
            return children[0] if children else None
        # Names that can mean the same share a word, or one of them has none.
        alike = {at for word in {"", *key.split()} for at in self._by_word.get((place, word), ())}
        return next((children[at] for at in sorted(alike) if are_compatible(children[at].key, key)), None)

    def append_child(self, node: TreeNode, child: TreeNode) -> None:
        """Give a node, whose children were looked for, another child."""
        node.children.append(child)
        self._add(node, child)

    def rename_child(self, node: TreeNode, child: TreeNode, step: Step) -> None:
        """Name a child that was found as a step does."""
        child.words, child.label = step.words, step.label
        if child.number is not None:
            place = _get_place(node, child)
            self._add_words(place, self._children[place].index(child), child)

    def _add(self, node: TreeNode, child: TreeNode) -> None:
        place = _get_place(node, child)
        self._children[place].append(child)
        if child.number is not None:
            self._add_words(place, len(self._children[place]) - 1, child)

    def _add_words(self, place: _Place, at: int, child: TreeNode) -> None:
        for word in set(child.key.split()) or {""}:
            known = self._by_word[place, word]
            if len(known) < _MAX_ALIKE:
                known.append(at)


def _get_place(node: TreeNode, child: TreeNode | Step) -> _Place:
    """Return what tells a child of a node apart: its number, and without one its name."""
    return id(node), child.is_date, child.letter, child.number, child.key if child.number is None else ""


def _insert(node: TreeNode, item: _Item, index: _ChildIndex) -> list[TreeNode]:
    """Return the nodes through which an item's steps lead below a node, which are made where they are missing."""
    way: list[TreeNode] = []
    basis = "folders" if item.folder is not None else "numbers in names"
    for place, step in enumerate(item.steps):
        is_last = place == len(item.steps) - 1
        if is_last and item.file is not None and _is_for_whole(node, step, place):
            return way
        child = index.find_child(node, step)
        if child is None:
            child = TreeNode(
                number=step.number,
                words=step.words,
                label=step.label,
                level=step.level,
                is_date=step.is_date,
                letter=step.letter,
                basis=basis if step.number is not None or item.folder is not None else "names",
            )
            index.append_child(node, child)
        elif step.words and (not child.words or len(step.words) < len(child.words)):
            index.rename_child(node, child, step)
        node = child
        way.append(child)
    return way


def _is_for_whole(node: TreeNode, step: Step, place: int) -> bool:
    """Tell whether a file with number 0 is about the whole of its module rather than its first lesson."""
    if step.number != 0 or step.is_date or step.letter:
        return False
    return place > 0 or (node.number is not None and (not node.key or are_compatible(node.key, step.key)))


def _group_repeated_numbers(node: TreeNode) -> None:
    """Make a module of siblings with the same number: `1 intro`, `1 setup`, `2 types`, `2 loops`."""
    by_number: defaultdict[int, list[TreeNode]] = defaultdict(list)
    for child in node.children:
        if child.number is not None and not child.children and not child.is_date:
            by_number[child.number].append(child)
    repeated = {number: found for number, found in by_number.items() if len(found) > 1}
    if len(repeated) > 1 and 2 * len(repeated) >= len(by_number):
        grouped = []
        for number, found in by_number.items():
            for child in found:
                child.number = None
            grouped.append(TreeNode(number=number, label=str(number), basis="numbers in names", children=found))
        kept = {id(child) for found in by_number.values() for child in found}
        node.children = [*grouped, *(child for child in node.children if id(child) not in kept)]
    for child in node.children:
        _group_repeated_numbers(child)
