"""Building the plans of modules and lessons from a tree whose lessons are known, with their titles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from structures.engines.base.drafts import Citation
from structures.engines.outline import names, titles
from structures.engines.outline.catalog import Catalog, CourseFile
from structures.engines.outline.course_words import ROLE_BY_WORD, Level
from structures.engines.outline.listings import Listed, find_linked_titles, find_listed_titles
from structures.engines.outline.name_parts import is_copy
from structures.engines.outline.plans import TAUGHT_ROLES, LessonPart, LessonPlan, ModulePlan, Role
from structures.engines.outline.readings import headings, speech
from structures.engines.outline.sections import build_section_tree
from structures.engines.outline.tree import TreeNode

# The order in which the files of a lesson are read: what teaches first.
ROLE_ORDER = [
    Role.BODY, Role.SLIDES, Role.TRANSCRIPT, Role.READING, Role.EXERCISE, Role.SOLUTION, Role.TEACHER_NOTES,
    Role.CONTENTS,
]  # fmt: skip
# What says something of a whole module when it stands in no lesson of it.
_ABOUT_ROLES = TAUGHT_ROLES | {Role.CONTENTS, Role.TEACHER_NOTES}
# So many lessons beside one another at the top of a course are a module. Fewer are modules of their own, as a foreword
# or group work at the end: the smallest number that no front or back part of the sample courses has.
_MIN_RUN = 4
# The overview of a module teaches something by itself when it has more words than this.
_MIN_LESSON_WORDS = 200
# A lesson's text, slides and task may have the same title. On more files it is that of the course or of a template.
_MAX_OF_ONE_TITLE = 3


def build_plans(root: TreeNode, lessons: set[int], catalog: Catalog) -> list[ModulePlan]:
    """Return the modules of a course, given the `id()` of each node of its tree that is a lesson."""
    return _PlanBuilder(catalog, lessons).build_modules(root)


class _PlanBuilder:
    """Builds plans from a tree whose lessons are known."""

    def __init__(self, catalog: Catalog, lessons: set[int]) -> None:
        self._catalog = catalog
        self._lessons = lessons
        self._shared_titles = _find_shared_titles(catalog.files)

    def build_modules(self, root: TreeNode) -> list[ModulePlan]:
        """Return the modules of the course."""
        modules: list[ModulePlan] = []
        every = [node for node in root.iter_nodes() if id(node) in self._lessons]
        self._give_titles(find_linked_titles(root.files, every, self._catalog), every)
        for run in self._iter_runs(root):
            if id(run[0]) not in self._lessons:
                modules.append(self._build_module(run[0]))
            elif len(run) >= _MIN_RUN or len(run) == len(root.children) > 1:
                course = ModulePlan(title=self._catalog.title, arranged_by=run[0].basis)
                course.children += [
                    self._build_lesson(child, course.title, place) for place, child in enumerate(run, start=1)
                ]
                modules.append(course)
            else:
                modules += [module for child in run for module in _unwrap(self._wrap_lesson(child))]
        self._place_files_of_course(root, modules)
        for module in modules:
            _distinguish_titles_below(module)
        _distinguish_titles(modules)
        return modules

    def _give_titles(self, listed: Mapping[int, Listed], lessons: Iterable[TreeNode]) -> None:
        for lesson in lessons:
            if not lesson.title and id(lesson) in listed:
                title, citation = listed[id(lesson)]
                lesson.title, lesson.found_in = title, (citation,)

    def _iter_runs(self, root: TreeNode) -> Iterator[list[TreeNode]]:
        """Yield the nodes below the root: modules alone, lessons that stand beside one another together.

        A lesson that is called a week or a unit is a module of its own.
        """
        run: list[TreeNode] = []
        for child in root.children:
            is_loose = id(child) in self._lessons and child.level not in {Level.PART, Level.MODULE}
            if not is_loose:
                if run:
                    yield run
                yield [child]
                run = []
            else:
                run.append(child)
        if run:
            yield run

    def _place_files_of_course(self, root: TreeNode, modules: list[ModulePlan]) -> None:
        """Make a lesson of files of the course that teach by themselves; its overviews are about the whole of it."""
        texts = [file for file in root.files if not modules or _is_taught_alone(file)]
        if texts:
            node = TreeNode(label=self._catalog.title, files=texts, basis="files")
            modules += _unwrap(self._wrap_lesson(node))

    def _build_module(self, node: TreeNode) -> ModulePlan:
        title, found_in = self._find_module_title(node)
        plan = ModulePlan(
            title=title, found_in=found_in, arranged_by=node.basis, number=_format_number(node),
            about=[build_part(f) for f in node.files if f.role in _ABOUT_ROLES],
        )  # fmt: skip
        texts = [file for file in node.files if file.role in TAUGHT_ROLES and file.word_count >= _MIN_LESSON_WORDS]
        if texts:
            plan.children.append(self._build_lesson(TreeNode(label=node.label, words=title, files=texts)))
        inner = [child for child in node.children if id(child) in self._lessons]
        self._give_titles(find_listed_titles(node.files, inner, self._catalog), inner)
        for place, child in enumerate(node.children, start=1):
            if id(child) in self._lessons:
                plan.children.append(self._build_lesson(child, title, place))
            else:
                plan.children.append(self._build_module(child))
        only = plan.children[0] if len(plan.children) == 1 else None
        if isinstance(only, ModulePlan) and not plan.about:
            plan.children, plan.about = only.children, only.about
        tasks = [file for file in node.files if file.role in {Role.EXERCISE, Role.SOLUTION}]
        if tasks:
            label = names.get_file_stem(tasks[0].entry.name)
            plan.children.append(self._build_lesson(TreeNode(label=label, files=tasks)))
        return plan

    def _wrap_lesson(self, node: TreeNode) -> ModulePlan:
        lesson = self._build_lesson(node)
        cut = self._cut_only_file(lesson, is_listed=bool(node.title))
        named = (
            node.title
            or (node.words if node.basis == "folders" else "")
            or (node.label if node.level is not None and node.basis == "folders" else "")
        )
        title = titles.clean_title(named) if named else lesson.title
        cited = node.found_in if node.title else () if named else lesson.found_in
        return ModulePlan(
            title=names.capitalize_title(title), found_in=cited, children=cut or [lesson],
            arranged_by=_name_cut(lesson) if cut else node.basis, number=lesson.number,
        )  # fmt: skip

    def _cut_only_file(self, lesson: LessonPlan, *, is_listed: bool) -> list[LessonPlan | ModulePlan]:
        """Return the lessons inside a lesson that is all of its module, when it is one file with such sections.

        What an author lists as one lesson stays one, unless it is the whole course.
        """
        taught = [part for part in lesson.parts if part.role in TAUGHT_ROLES and not is_copy(part.entry.name)]
        if len(taught) != 1:
            return []
        entry, role = taught[0].entry, taught[0].role
        is_course = sum(file.role in TAUGHT_ROLES for file in self._catalog.files) == 1
        found: list[LessonPlan | ModulePlan] = []
        if is_listed and not is_course:
            return []
        if role is Role.BODY:
            found = headings.cut_file(entry, role, is_course=is_course)
        elif role is Role.TRANSCRIPT:
            found += speech.cut_recording(entry)
        if found:
            _add_to_last(found, [part for part in lesson.parts if part is not taught[0]])
        return found

    def _build_lesson(self, node: TreeNode, module: str = "", place: int = 1) -> LessonPlan:
        files = order_files(node)
        title, found_in = self._find_lesson_title(node, files, module, place)
        return LessonPlan(
            title=title, found_in=found_in, number=_format_number(node), parts=[build_part(file) for file in files]
        )

    def _find_lesson_title(
        self, node: TreeNode, files: Sequence[CourseFile], module: str, place: int
    ) -> tuple[str, tuple[Citation, ...]]:
        """Return the title of a lesson: contents > its text > words of the name > anything a file calls itself."""
        if node.title:
            return titles.clean_title(node.title), node.found_in
        main = files[0] if files and files[0].role in {Role.BODY, Role.SLIDES, Role.READING} else None
        if main is not None and (found := self._find_own_title(main)):
            return found
        if main is not None and (weak := titles.find_weak_title(main.entry)):
            return titles.clean_title(weak), titles.cite_title(main.entry, weak)
        words = node.words or (main.name.steps[-1].words if main is not None and main.name.steps else "")
        if _says_something(words) and not node.letter:
            return names.capitalize_title(words), ()
        for file in files:
            if file.role is not Role.SOLUTION and (found := self._find_own_title(file)):
                return found
        for file in files:
            if file.role is not Role.SOLUTION and (heading := titles.find_first_heading(file.entry)) is not None:
                return titles.clean_title(heading.text), (Citation(chunk_id=heading.id, quote=heading.text),)
        return self._build_title(node, files, module, place), ()

    def _build_title(self, node: TreeNode, files: Sequence[CourseFile], module: str, place: int) -> str:
        """Return a title for a lesson that nothing names: its exercise's number, or its place in the module."""
        tokens = node.words.split()
        if tokens and ROLE_BY_WORD.get(tokens[0].casefold()) is Role.EXERCISE:
            rest = tokens[1:]
            if rest and all(token.isdecimal() for token in rest):
                return f"Exercise {'.'.join(str(int(token)) for token in rest)}"
            return f"Exercise: {' '.join(rest) or module}"
        if _says_something(node.words):
            return names.capitalize_title(node.words)
        if module:
            return f"{module} – Part {place}"
        return names.capitalize_title(node.label or (names.get_file_stem(files[0].entry.name) if files else "Lesson"))

    def _find_own_title(self, file: CourseFile) -> tuple[str, tuple[Citation, ...]] | None:
        if not file.title or names.build_title_key(file.title) in self._shared_titles:
            return None
        raw = next(t for t in titles.list_own_titles(file.entry) if titles.clean_title(t) == file.title)
        return file.title, titles.cite_title(file.entry, raw)

    def _find_module_title(self, node: TreeNode) -> tuple[str, tuple[Citation, ...]]:
        if node.title:
            return titles.clean_title(node.title), node.found_in
        main = node.main
        decks = [file for file in node.files if file.role is Role.SLIDES]
        pages = [file for file in node.files if file.role is Role.CONTENTS]
        for file in [main, *pages, *decks]:
            if file is not None and (found := self._find_own_title(file)):
                return found
        return names.capitalize_title(node.words or node.label or node.title), ()


def _name_cut(lesson: LessonPlan) -> str:
    return headings.BASIS if lesson.parts[0].role is Role.BODY else speech.BASIS


def _is_taught_alone(file: CourseFile) -> bool:
    """Tell whether a file beside the modules of a course is a task, or a deck or talk of some length."""
    if file.role in {Role.SLIDES, Role.TRANSCRIPT}:
        return file.word_count >= _MIN_LESSON_WORDS
    return file.role is Role.EXERCISE


def _unwrap(module: ModulePlan) -> list[ModulePlan]:
    """Return the modules inside one that holds nothing else, or the module itself."""
    inner = [child for child in module.children if isinstance(child, ModulePlan)]
    return inner if inner and len(inner) == len(module.children) else [module]


def _add_to_last(plans: Sequence[LessonPlan | ModulePlan], parts: Sequence[LessonPart]) -> None:
    last = plans[-1]
    while isinstance(last, ModulePlan):
        last = last.children[-1]
    last.parts += parts


def order_files(node: TreeNode) -> list[CourseFile]:
    """Return the files of a lesson, its main text first, then by what they are there for."""
    main = node.main or _find_inner_main(node)
    files = sorted(node.iter_files(), key=lambda file: ROLE_ORDER.index(file.role))
    return [main, *(file for file in files if file is not main)] if main is not None else files


def _find_inner_main(node: TreeNode) -> CourseFile | None:
    """Return the text of a lesson whose files have names of their own: the one named like it, else the largest."""
    bodies = [file for file in node.iter_files() if file.is_body]
    alike = [file for file in bodies if node.key and file.name.steps and file.name.steps[-1].key == node.key]
    return max(alike or bodies, key=lambda file: file.word_count, default=None)


def _says_something(text: str) -> bool:
    return any(c.isalpha() for c in text)


def _find_shared_titles(files: Iterable[CourseFile]) -> set[str]:
    """Return the titles that files of different names share, such as the course's on every deck."""
    named: dict[str, set[str]] = {}
    for file in files:
        if file.title:
            named.setdefault(names.build_title_key(file.title), set()).add(
                "/".join((*file.path[:-1], names.get_file_stem(file.entry.name)))
            )
    return {title for title, found in named.items() if len(found) > _MAX_OF_ONE_TITLE}


def _format_number(node: TreeNode) -> str:
    return str(node.number) if node.number is not None and not node.is_date else ""


def build_part(file: CourseFile) -> LessonPart:
    """Return a file as a part of a lesson or module, with its sections."""
    sections = [build_section_tree(file.entry)]
    return LessonPart(entry=file.entry, role=file.role, sections=sections, folder=file.path[:-1])


def _distinguish_titles_below(module: ModulePlan) -> None:
    _distinguish_titles(module.children)
    for child in module.children:
        if isinstance(child, ModulePlan):
            _distinguish_titles_below(child)


def _distinguish_titles(plans: Sequence[LessonPlan | ModulePlan]) -> None:
    """Give siblings with the same title different ones: with their number, else with their place."""
    counts = Counter(names.build_title_key(plan.title) for plan in plans)
    numbers = Counter((names.build_title_key(plan.title), plan.number) for plan in plans)
    taken = {plan.title for plan in plans}
    places: Counter[str] = Counter()
    for plan in plans:
        key = names.build_title_key(plan.title)
        if counts[key] < 2:
            continue
        places[key] += 1
        if plan.number and numbers[key, plan.number] == 1 and f"{plan.title} ({plan.number})" not in taken:
            plan.title = f"{plan.title} ({plan.number})"
        else:
            # Where places are titles of others, too, the next one that is free.
            while f"{plan.title} ({places[key]})" in taken:
                places[key] += 1
            plan.title = f"{plan.title} ({places[key]})"
        taken.add(plan.title)
