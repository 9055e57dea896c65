"""Random histories of a course's materials, in which every file, folder and paragraph carries who it is.

The identities belong to the generator. What is matched never sees them: it sees titles, quotes, digests and ids.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from random import Random
from uuid import UUID

from structures.engines.base.drafts import NodeType
from structures.keys.matching import Evidence, MatchedNode

_SYLLABLES = ("ba", "cor", "den", "fil", "gor", "hum", "lan", "mer", "nor", "pil", "que", "ras", "sol", "tem", "vin")
_FOOTER = "All rights are reserved by the faculty of applied sciences."
# Of the files, in each step of a history; at least one.
CHANGED_SHARE = 0.1


@dataclass(frozen=True, kw_only=True)
class Paragraph:
    """A text with what it defines or asks: concepts (their titles and sentences), an exercise, or nothing."""

    identity: int
    text: str
    node_type: NodeType | None = None
    terms: tuple[str, ...] = ()

    @property
    def quotes(self) -> tuple[str, ...]:
        return tuple(self.text.split("\n")) if self.node_type is NodeType.CONCEPT else (self.text,)


@dataclass(kw_only=True)
class File:
    identity: int
    entry_id: UUID
    title: str
    paragraphs: list[Paragraph]

    @property
    def fingerprint(self) -> str:
        return digest("\n\n".join([self.title, *(paragraph.text for paragraph in self.paragraphs)]))


@dataclass(kw_only=True)
class Folder:
    identity: int
    title: str
    files: list[File] = field(default_factory=list)


@dataclass(kw_only=True)
class History:
    """A course that changes. The same seed gives the same history."""

    seed: int
    folders: list[Folder] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._dice = Random(self.seed)  # noqa: S311  # no secret
        self._identities = count()
        for _ in range(self._dice.randint(2, 4)):
            files = [self._make_file() for _ in range(self._dice.randint(1, 6))]
            self.folders.append(Folder(identity=next(self._identities), title=self._draw_words(2), files=files))

    def list_files(self) -> list[File]:
        return [file for folder in self.folders for file in folder.files]

    def change(self) -> None:
        """Change a tenth of the materials, each in one way."""
        changes = (
            self._rename,
            self._rename_folder,
            self._move,
            self._move_folder,
            self._insert,
            self._copy,
            self._delete,
            self._reorder,
            self._read_again,
            self._correct,
            self._correct,
            self._edit,
            self._split,
        )
        for _ in range(max(1, round(len(self.list_files()) * CHANGED_SHARE))):
            folder = self._dice.choice([folder for folder in self.folders if folder.files])
            self._dice.choice(changes)(folder, self._dice.choice(folder.files))

    def _rename(self, _folder: Folder, file: File) -> None:
        file.title = self._draw_words(3)

    def _rename_folder(self, folder: Folder, _file: File) -> None:
        folder.title = self._draw_words(2)

    def _move(self, folder: Folder, file: File) -> None:
        folder.files.remove(file)
        files = self._dice.choice(self.folders).files
        files.insert(self._dice.randint(0, len(files)), file)

    def _move_folder(self, folder: Folder, _file: File) -> None:
        self.folders.remove(folder)
        self.folders.insert(self._dice.randint(0, len(self.folders)), folder)

    def _insert(self, folder: Folder, _file: File) -> None:
        folder.files.insert(self._dice.randint(0, len(folder.files)), self._make_file())

    def _copy(self, folder: Folder, file: File) -> None:
        """Put a copy of the file into some folder: other nodes with the same evidence."""
        paragraphs = [replace(paragraph, identity=next(self._identities)) for paragraph in file.paragraphs]
        copy = replace(file, identity=next(self._identities), entry_id=self._draw_id(), paragraphs=paragraphs)
        files = self._dice.choice(self.folders).files
        files.insert(self._dice.randint(0, len(files)), copy)

    def _delete(self, folder: Folder, file: File) -> None:
        if len(self.list_files()) > 1:
            folder.files.remove(file)

    def _reorder(self, folder: Folder, _file: File) -> None:
        self._dice.shuffle(folder.files)

    def _read_again(self, _folder: Folder, file: File) -> None:
        file.entry_id = self._draw_id()

    def _correct(self, _folder: Folder, file: File) -> None:
        """Correct one word of some paragraphs, which may be the term itself."""
        for place, paragraph in enumerate(file.paragraphs):
            if self._dice.random() < 0.3:
                wrong, right = self._dice.choice(paragraph.text.split()), self._draw_words(1)
                file.paragraphs[place] = replace(
                    paragraph,
                    text=paragraph.text.replace(wrong, right),
                    terms=tuple(right if term == wrong else term for term in paragraph.terms),
                )

    def _edit(self, _folder: Folder, file: File) -> None:
        """Delete a paragraph, and insert another one."""
        if len(file.paragraphs) > 1:
            file.paragraphs.pop(self._dice.randrange(len(file.paragraphs)))
        file.paragraphs.insert(self._dice.randint(0, len(file.paragraphs)), self._make_paragraph())

    def _split(self, folder: Folder, file: File) -> None:
        """Cut the file in two. The larger part is the file that it was."""
        if len(file.paragraphs) < 4:
            return
        cut = self._dice.choice(
            [place for place in range(1, len(file.paragraphs)) if place * 2 != len(file.paragraphs)]
        )
        parts = sorted((file.paragraphs[:cut], file.paragraphs[cut:]), key=len)
        file.paragraphs = parts[1]
        other = File(
            identity=next(self._identities), entry_id=self._draw_id(), title=self._draw_words(2), paragraphs=parts[0]
        )
        folder.files.insert(folder.files.index(file) + 1, other)

    def _make_file(self) -> File:
        paragraphs = [self._make_paragraph() for _ in range(self._dice.randint(2, 8))]
        if self._dice.random() < 0.5:
            paragraphs.append(Paragraph(identity=next(self._identities), text=_FOOTER))
        return File(
            identity=next(self._identities),
            entry_id=self._draw_id(),
            title=self._dice.choice(("Overview", "Summary", self._draw_words(2), self._draw_words(3))),
            paragraphs=paragraphs,
        )

    def _make_paragraph(self) -> Paragraph:
        identity, kind = next(self._identities), self._dice.random()
        if kind < 0.2:
            return Paragraph(identity=identity, text=self._draw_words(12))
        if kind < 0.4:
            # Tasks are often called the same: Exercise 1 of every lesson.
            title = self._dice.choice(("Exercise 1", "Exercise 2", self._draw_words(2)))
            text = self._dice.choice(("Solve the tasks above.", self._draw_words(8), self._draw_words(8)))
            return Paragraph(identity=identity, text=text, node_type=NodeType.EXERCISE, terms=(title,))
        terms = tuple(self._draw_words(1) for _ in range(self._dice.choice((1, 1, 2, 3))))
        text = "\n".join(f"{term} is a {self._draw_words(6)}." for term in terms)
        return Paragraph(identity=identity, text=text, node_type=NodeType.CONCEPT, terms=terms)

    def _draw_words(self, number: int) -> str:
        return " ".join("".join(self._dice.choices(_SYLLABLES, k=self._dice.randint(2, 4))) for _ in range(number))

    def _draw_id(self) -> UUID:
        return UUID(int=self._dice.getrandbits(128))


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(kw_only=True)
class Structure:
    """The nodes of one generation, and beside them who they are."""

    nodes: list[MatchedNode]
    identities: list[object]


def build_structure(history: History) -> Structure:
    """Return the structure of a course as it stands: a module a folder, a lesson a file, a node a term or task."""
    structure = Structure(nodes=[], identities=[])
    for folder in history.folders:
        if not folder.files:
            continue
        module = _add(
            structure, MatchedNode(node_type=NodeType.MODULE, title=folder.title, parent=None), folder.identity
        )
        for file in folder.files:
            heading = _cite(file, file.title, file.title)
            node = MatchedNode(node_type=NodeType.LESSON, title=file.title, parent=module, evidence=(heading,))
            lesson = _add(structure, node, file.identity)
            for found, identity in _iter_findings(file, lesson):
                _add(structure, found, identity)
    return structure


def _iter_findings(file: File, lesson: int) -> Iterator[tuple[MatchedNode, object]]:
    for paragraph in file.paragraphs:
        for number, (term, quote) in enumerate(zip(paragraph.terms, paragraph.quotes, strict=False)):
            assert paragraph.node_type is not None
            evidence = (_cite(file, quote, paragraph.text),)
            node = MatchedNode(node_type=paragraph.node_type, title=term, parent=lesson, evidence=evidence)
            yield node, (paragraph.identity, number)


def _cite(file: File, quote: str, chunk: str) -> Evidence:
    return Evidence(quote=quote, chunk_digest=digest(chunk), entry_id=file.entry_id, entry_fingerprint=file.fingerprint)


def _add(structure: Structure, node: MatchedNode, identity: object) -> int:
    structure.nodes.append(node)
    structure.identities.append(identity)
    return len(structure.nodes) - 1
