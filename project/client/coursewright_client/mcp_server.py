"""An MCP server over the API, for assistants: courses, search, structures and their evidence. It speaks over stdio."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations

from .async_client import AsyncClient
from .places import format_place
from .problems import ApiProblem, ClientError, ResourceMissing
from .types import FoundJson, LocatorJson, ReferenceJson, StructureNodeJson

_READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
_WRITES = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
# An assistant reads everything that a tool answers: a screen or two, not a course of a thousand lessons.
_MOST_COURSES, _MOST_FOUND, _MOST_NODES, _MOST_PASSAGES = 200, 50, 300, 12
_MOST_CHARACTERS = 4_000
_TAG = re.compile(r"</?mark>")


@dataclass(frozen=True, kw_only=True)
class CourseFound:
    """A course."""

    id: str
    title: str
    language: str


@dataclass(frozen=True, kw_only=True)
class PassageFound:
    """A passage of the materials; `place` is for people."""

    entry: str
    file: str
    place: str
    locator: dict[str, Any]
    chunk: str
    text: str


@dataclass(frozen=True, kw_only=True)
class NodeFound:
    """A node of a structure; `depth` says how far it is below the first."""

    key: str
    node_type: str
    title: str
    description: str
    depth: int
    references: int


@dataclass(frozen=True, kw_only=True)
class StructureFound:
    """A structure, or what is below one of its nodes; `left_out` counts the nodes that were too many."""

    snapshot: str
    title: str
    warnings: list[str]
    nodes: list[NodeFound]
    left_out: int


@dataclass(frozen=True, kw_only=True)
class EvidenceFound:
    """A place that a node of a structure cites, the quoted words, and the passage that they stand in."""

    file: str
    place: str
    locator: dict[str, Any]
    quote: str
    passage: str


def build_server(client: AsyncClient, *, allow_writing: bool) -> MCPServer:
    """Return the server. Without `allow_writing` no tool changes anything or costs money."""

    @asynccontextmanager
    async def close_at_the_end(server: MCPServer) -> AsyncIterator[None]:
        async with client:
            yield

    server = MCPServer(
        "coursewright",
        instructions=(
            "Courses, their materials and structures. Find a course with list_courses; look into its materials with "
            "search_materials; read_structure lists modules, lessons, concepts and exercises with keys, and "
            "read_evidence shows for a key where in the materials it stands. Quote places as they are given."
        ),
        lifespan=close_at_the_end,
        log_level="WARNING",
    )

    @server.tool(annotations=_READS)
    async def list_courses() -> list[CourseFound]:
        """List the courses, at most 200."""
        with _told():
            found = []
            async for course in client.iterate_nodes():
                found.append(CourseFound(id=course["id"], title=course["title"], language=course["language"]))
                if len(found) == _MOST_COURSES:
                    break
            return found

    @server.tool(annotations=_READS)
    async def search_materials(course: UUID, text: str, limit: int = 10) -> list[PassageFound]:
        """Search the materials at or below a course or another node, by its id. The best passages come first."""
        with _told():
            found = []
            async for passage in client.search(str(course), text):
                found.append(_build_passage(passage))
                if len(found) >= min(max(1, limit), _MOST_FOUND):
                    break
            return found

    @server.tool(annotations=_READS)
    async def read_structure(course: UUID, key: UUID | None = None) -> StructureFound:
        """Read the structure of a course: the published one, else the newest. With the key of a node only that part."""
        with _told():
            snapshot = await client.read_structure(str(course))
        nodes = snapshot["children"]
        if key is not None:
            nodes = [_find_node(nodes, str(key))]
        listed = list(_flatten(nodes, 0))
        return StructureFound(
            snapshot=snapshot["id"],
            title=snapshot["title"],
            warnings=snapshot["warnings"],
            nodes=listed[:_MOST_NODES],
            left_out=max(0, len(listed) - _MOST_NODES),
        )

    @server.tool(annotations=_READS)
    async def read_evidence(course: UUID, key: UUID) -> list[EvidenceFound]:
        """Read where in the materials a node of the structure stands: quote, place, and the passage around it."""
        with _told():
            snapshot = await client.read_structure(str(course))
            node = _find_node(snapshot["children"], str(key))
            return [await _read_reference(client, reference) for reference in node["references"][:_MOST_PASSAGES]]

    @server.tool(annotations=_READS)
    async def read_job(job: UUID) -> dict[str, Any]:
        """Read how far a job is, such as a generation."""
        with _told():
            found = await client.get_job(str(job))
        return {name: found.get(name) for name in ("id", "kind", "status", "progress", "error", "result")}

    if allow_writing:

        @server.tool(annotations=_WRITES)
        async def start_generation(course: UUID, engine: str = "auto") -> dict[str, Any]:
            """Start making a structure of a course; `engine` is auto, outline or llm. It may cost money."""
            with _told():
                answer: Any = await client.request_generation(str(course), engine=engine)
            is_job = "status" in answer
            return {"job": answer["id"] if is_job else None, "snapshot": None if is_job else answer["id"]}

    return server


class _told:  # noqa: N801  # used like a function
    """Turn failures of the client into what an assistant reads: what happened and what to do."""

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, ClientError):
            raise ToolError(error.describe() if isinstance(error, ApiProblem) else str(error)) from error


async def _read_reference(client: AsyncClient, reference: ReferenceJson) -> EvidenceFound:
    try:
        answer = await client.request("GET", f"/chunks/{reference['chunk']}")
        passage = str(answer.parse_json()["text"])
    except ResourceMissing:
        passage = ""
    return EvidenceFound(
        file=reference["entry_path"],
        place=_format_place(reference["locator"]),
        locator=dict(reference["locator"]),
        quote=reference["quote"],
        passage=passage[:_MOST_CHARACTERS],
    )


def _build_passage(found: FoundJson) -> PassageFound:
    return PassageFound(
        entry=found["entry"]["id"],
        file=found["entry"]["name"],
        place=_format_place(found["locator"]),
        locator=dict(found["locator"]),
        chunk=found["id"],
        text=html.unescape(_TAG.sub("", found["snippet"]))[:_MOST_CHARACTERS],
    )


def _find_node(nodes: list[StructureNodeJson], key: str) -> StructureNodeJson:
    """Return the node with a key. Raises ToolError."""
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if node["key"] == key:
            return node
        waiting += node["children"]
    raise ToolError(f"The structure has no node with the key {key!r}. read_structure lists them.")


def _flatten(nodes: list[StructureNodeJson], depth: int) -> list[NodeFound]:
    listed = []
    for node in nodes:
        listed.append(
            NodeFound(
                key=node["key"],
                node_type=node["node_type"],
                title=node["title"],
                description=node["description"][:_MOST_CHARACTERS],
                depth=depth,
                references=len(node["references"]),
            )
        )
        listed += _flatten(node["children"], depth + 1)
    return listed


def _format_place(locator: LocatorJson) -> str:
    """Return a place; the headings above it where there is nothing nearer."""
    return format_place(locator) or " > ".join(locator.get("heading_path", []))
