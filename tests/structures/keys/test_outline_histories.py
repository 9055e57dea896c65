"""Keys over the structures that the outline engine makes of courses that change."""

from __future__ import annotations

from collections import Counter
from uuid import UUID, uuid5

from materials.documents import ChunkKind, Format, Locator
from structures.engines.base.drafts import DraftNode, NodeType
from structures.engines.base.sources import SourceChunk, SourceEntry, SourceNode
from structures.engines.outline.engine import build_outline
from structures.keys.matching import Evidence, MatchedNode, match_nodes
from tests.structures.keys.histories import File, History, Structure, digest

_SPACE = UUID(int=16)


class Course:
    """What the engine makes of a history as it stands.

    Who a node is, is told from the paragraph that it quotes first, of a lesson from the file, of a module from the
    folder.
    """

    def __init__(self, history: History) -> None:
        self.chunks: dict[UUID, tuple[SourceChunk, File, object]] = {}
        self.folders = {file.identity: folder.identity for folder in history.folders for file in folder.files}
        folders = [
            SourceNode(
                id=uuid5(_SPACE, f"folder {folder.identity}"),
                title=f"{number:02} {folder.title}",
                entries=tuple(self._build_entry(place, file) for place, file in enumerate(folder.files, start=1)),
            )
            for number, folder in enumerate(history.folders, start=1)
            if folder.files
        ]
        self.structure = Structure(nodes=[], identities=[])
        draft = build_outline(SourceNode(id=_SPACE, title="Course", children=tuple(folders)))
        for module in draft.modules:
            self._add(module, None)

    def _build_entry(self, number: int, file: File) -> SourceEntry:
        texts: list[tuple[ChunkKind, str, int | None, object]] = [(ChunkKind.HEADING, file.title.title(), 1, "title")]
        for paragraph in file.paragraphs:
            if paragraph.node_type is NodeType.EXERCISE:
                heading = (
                    paragraph.terms[0]
                    if paragraph.terms[0].startswith("Exercise")
                    else f"Exercise: {paragraph.terms[0]}"
                )
                texts.append((ChunkKind.HEADING, heading, 2, paragraph.identity))
            texts.append((ChunkKind.PARAGRAPH, paragraph.text, None, paragraph.identity))
        chunks = []
        for place, (kind, text, level, identity) in enumerate(texts):
            chunk = SourceChunk(
                id=uuid5(file.entry_id, str(place)), kind=kind, text=text, locator=Locator(heading_path=()), level=level
            )
            chunks.append(chunk)
            self.chunks[chunk.id] = (chunk, file, identity)
        return SourceEntry(
            id=file.entry_id,
            name=f"{number:02} {file.title}.md",
            title=file.title,
            format=Format.MARKDOWN,
            chunks=tuple(chunks),
            sha256=file.fingerprint,
        )

    def _add(self, node: DraftNode, parent: int | None) -> None:
        place = len(self.structure.nodes)
        evidence = []
        for citation in node.citations:
            chunk, file, _ = self.chunks[citation.chunk_id]
            evidence.append(
                Evidence(
                    quote=citation.quote,
                    chunk_digest=digest(chunk.text),
                    entry_id=file.entry_id,
                    entry_fingerprint=file.fingerprint,
                )
            )
        self.structure.nodes.append(
            MatchedNode(node_type=node.node_type, title=node.title, parent=parent, evidence=tuple(evidence))
        )
        self.structure.identities.append(self._identify(node))
        for child in node.children:
            self._add(child, place)

    def _identify(self, node: DraftNode) -> object:
        cited = [self.chunks[citation.chunk_id] for each in node.iter_nodes() for citation in each.citations]
        if not cited:
            return None
        chunk, file, identity = cited[0]
        match node.node_type:
            case NodeType.MODULE:
                folders = Counter(self.folders[each.identity] for _, each, _ in cited)
                return node.node_type, folders.most_common(1)[0][0]
            case NodeType.LESSON:
                return node.node_type, file.identity
        lines = chunk.text.split("\n")
        quoted = [number for number, line in enumerate(lines) if line in node.citations[0].quote]
        return node.node_type, identity, quoted[0] if quoted else 0


def test_nodes_of_the_outline_engine_keep_their_keys() -> None:
    shares = []
    for seed in range(12):
        history = History(seed=seed)
        before = Course(history).structure
        kept = survived = 0
        for _ in range(3):
            history.change()
            now = Course(history).structure
            matched = match_nodes(before.nodes, now.nodes)
            # Where the engine makes two nodes of one paragraph or file, nobody knows which of them survives.
            once = {each for each, number in Counter(before.identities).items() if number == 1 and each}
            once &= {each for each, number in Counter(now.identities).items() if number == 1 and each}
            places = {identity: place for place, identity in enumerate(before.identities)}
            pairs = [(places[each], place) for each, place in zip(now.identities, matched, strict=True) if each in once]
            survived += len(pairs)
            kept += sum(expected == place for expected, place in pairs)
            assert len(pairs) > len(now.nodes) / 2
            before = now
        shares.append(kept / survived)

    assert min(shares) >= 0.95
