"""Two small courses in memory that every export format has to write: a plain one, and one that breaks formats."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from uuid import UUID, uuid5

from materials.documents import Locator
from structures.engines.base.drafts import NodeType
from structures.exports.base import ExportedFile, ExportedRecording, ExportedSnapshot
from structures.models import StructureNode, StructureSnapshot

_SPACE = UUID("00000000-0000-7000-8000-000000000018")
TALK, DELETED, FILE, OTHER = (uuid5(_SPACE, name) for name in ("talk", "deleted", "file", "other"))

LONG_TITLE = "Wörter " * 71 + "500"
HOSTILE_TITLES = (
    "<script>alert(1)</script> & \"quotes\" 'and' more",
    "]]> <![CDATA[ x ]]>",
    "🧊 Ice 👩‍🔬",
    "הקרח קר מאוד",
    "\u202eeci",
    '=HYPERLINK("http://example.org")',
    "+1; #2 \\ [three](four) `five` *six* | seven --> eight",
    "Same name",
    "SAME NAME",
    "../../etc/passwd",
    "CON",
    LONG_TITLE[:500],
)


@dataclass
class ExampleReference:
    """Evidence as export formats take it."""

    entry_path: str
    locator: Locator
    quote: str = "What is quoted."
    machine_written: bool = False
    entry_name: str = "file"
    entry_id: UUID = FILE


@dataclass
class ExampleNode:
    """A node as export formats take it."""

    row: StructureNode
    references: list[ExampleReference] = field(default_factory=list)
    children: list[ExampleNode] = field(default_factory=list)

    @property
    def node_type(self) -> NodeType:
        return NodeType(self.row.node_type)


@dataclass
class ExampleChunk:
    """A chunk of a transcript."""

    text: str
    start_ms: int | None
    end_ms: int | None
    speaker: str = ""
    word_starts_ms: tuple[int, ...] = ()


def build_node(kind: NodeType, title: str, *children: ExampleNode, **fields: Any) -> ExampleNode:
    """Return a node whose key follows from its kind, title and place among others of that name."""
    references = fields.pop("references", [])
    named = {name: value for name, value in fields.items() if name != "prerequisites"}
    key = uuid5(_SPACE, f"{kind} {title} {named}")
    return ExampleNode(StructureNode(node_type=kind, title=title, key=key, **fields), references, list(children))


def cite_talk(start_ms: int, end_ms: int, entry: UUID = TALK) -> ExampleReference:
    """Return a reference to a second of a talk."""
    name = "talk.mp4" if entry == TALK else "gone.mp4"
    return ExampleReference(f"Part/{name}", Locator(start_ms=start_ms, end_ms=end_ms), entry_name=name, entry_id=entry)


def build_plain_course() -> ExampleCourse:
    """Return a course with goals, minutes, prerequisites, exercises, a page, and three lessons of one talk."""
    page = ExampleReference("Part/book.pdf", Locator(page=3), entry_name="book.pdf")
    boiling = build_node(NodeType.CONCEPT, "Boiling point", description="The temperature.", references=[page])
    egg = build_node(
        NodeType.EXERCISE, "Boil an egg", description="Do it.\n\n- now", reference_solution="Ten minutes.",
        grading_criteria=["It is hard"], difficulty=2, references=[cite_talk(20_000, 25_000)],
    )  # fmt: skip
    heat = build_node(
        NodeType.LESSON, "Heat", boiling, egg, learning_goal="Know heat.\nUse it.", estimated_minutes=12,
        minutes_basis="stated", key_points=["Hot."], questions=["Why?"], topics=["Heat"],
        required_knowledge=["Fractions"], references=[cite_talk(0, 15_000)],
    )  # fmt: skip
    place = {
        "entry": str(TALK), "entry_name": "talk.mp4", "entry_path": "Part/talk.mp4", "chunk": str(TALK),
        "locator": {"start_ms": 1}, "quote": "q", "machine_written": False,
    }  # fmt: skip
    steam = build_node(
        NodeType.LESSON, "Steam",
        build_node(NodeType.CONCEPT, "Vapour", references=[cite_talk(61_000, 62_000)]),
        prerequisites=[{"term": "heat", "lesson": str(heat.row.pk), "definition": place, "use": place}],
    )  # fmt: skip
    ice = build_node(
        NodeType.LESSON, "Ice", build_node(NodeType.CONCEPT, "Freezing", references=[cite_talk(95_000, 99_000)])
    )
    modules = [
        build_node(NodeType.MODULE, "Hot", heat, steam, arranged_by="folders"),
        build_node(NodeType.MODULE, "Cold", ice),
    ]
    course = StructureSnapshot(
        title="Water", description="About water.", learning_goal="Boil it.",
        expected_knowledge=[{"summary": "Boiling", "details": "At 100 degrees."}], prerequisites=["A pot"],
    )  # fmt: skip
    return ExampleCourse(course=course, modules=modules, recordings=[build_recording()])


def build_hostile_course() -> ExampleCourse:
    """Return a course whose titles and texts are markup, commands, other scripts and lengths that break formats."""
    lessons = []
    for number, title in enumerate(HOSTILE_TITLES):
        start = number * 20_000
        concept = build_node(
            NodeType.CONCEPT, title, description=title, examples=[title], references=[cite_talk(start + 1, start + 9)]
        )
        task = build_node(NodeType.EXERCISE, title, description=f"{title}\r\n{title}", reference_solution=title)
        lessons.append(build_node(NodeType.LESSON, title, concept, task, learning_goal=title, key_points=[title]))
    gone = build_node(NodeType.CONCEPT, "Gone", references=[cite_talk(5, 9, DELETED)])
    deep = build_node(NodeType.LESSON, "Innermost", gone)
    for level in range(9):
        deep = build_node(NodeType.MODULE, f"Level {level}", deep)
    course = StructureSnapshot(title=HOSTILE_TITLES[0], description=HOSTILE_TITLES[1])
    modules = [build_node(NodeType.MODULE, HOSTILE_TITLES[1], *lessons), deep]
    return ExampleCourse(course=course, modules=modules, recordings=[build_recording(duration_ms=300_000)])


def build_recording(duration_ms: int | None = 120_000) -> ExportedRecording:
    """Return the talk, with a transcript of three lines."""
    lines = [
        ExampleChunk("Water & <heat>.", 0, 15_000, speaker="Ada"),
        ExampleChunk("]]> --> steam", 61_000, 62_000),
        ExampleChunk("קר", 95_000, 99_000),
    ]
    return ExportedRecording(
        entry_id=TALK,
        name="talk.mp4",
        path="Part/talk.mp4",
        duration_ms=duration_ms,
        open_transcript=lambda: iter(lines),
    )


def build_file(entry_id: UUID, path: str, content: bytes) -> ExportedFile:
    """Return the stored file of an entry."""
    return ExportedFile(
        entry_id=entry_id,
        name=path.rpartition("/")[2],
        path=path,
        size_bytes=len(content),
        open=lambda: BytesIO(content),
    )


@dataclass(kw_only=True)
class ExampleCourse:
    """A course, and the snapshot as formats take it."""

    course: StructureSnapshot
    modules: list[ExampleNode]
    recordings: list[ExportedRecording]

    def build_snapshot(self) -> ExportedSnapshot:
        files = [
            build_file(FILE, "Part/book.pdf", b"%PDF-"),
            build_file(OTHER, f"Part/{HOSTILE_TITLES[0]}.html", b"<script>alert(1)</script>"),
            build_file(TALK, "Part/talk.mp4", b"\x00\x01"),
        ]
        return ExportedSnapshot(course=self.course, modules=self.modules, recordings=self.recordings, files=files)


def repeat_lessons(number: int) -> ExportedSnapshot:
    """Return a course of so many lessons, ten in a module, each with two concepts and an exercise."""

    def build_lessons(first: int) -> Iterable[ExampleNode]:
        for index in range(first, first + 10):
            cited = [cite_talk(index * 10_000, index * 10_000 + 9_000)]
            concepts = [
                build_node(
                    NodeType.CONCEPT, f"Concept {index}.{each}", description="What it is. " * 10, references=cited
                )
                for each in range(2)
            ]
            task = build_node(NodeType.EXERCISE, f"Task {index}", description="Do it. " * 20, reference_solution="So.")
            yield build_node(NodeType.LESSON, f"Lesson {index}", *concepts, task, learning_goal="Know it.")

    def build_modules() -> Iterator[ExampleNode]:
        for first in range(0, number, 10):
            yield build_node(NodeType.MODULE, f"Module {first}", *build_lessons(first))

    recording = build_recording(duration_ms=number * 10_000)
    return ExportedSnapshot(
        course=StructureSnapshot(title="Large"), modules=list(build_modules()), recordings=[recording]
    )
