"""coursewright generate, export."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..client import Client
from ..problems import WorkFailed
from ..types import JobJson, SnapshotJson, StructureNodeJson
from .courses import find_node
from .exits import FAILED, OK
from .output import Output


def add_generate_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `generate`."""
    parser.add_argument("course", help="id or title")
    parser.add_argument("--engine", default="auto", choices=["auto", "outline", "llm"], help="who makes the structure")
    parser.add_argument("--strategy", default="default", help="which models")
    parser.add_argument("--mode", default="free", choices=["free", "guided"], help="guided keeps the tree of nodes")
    parser.add_argument("--no-wait", action="store_true", help="only begin; `coursewright status` says how far it is")
    parser.add_argument("--timeout", type=float, metavar="SECONDS", help="do not wait longer than this")


def add_export_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `export`."""
    parser.add_argument("course", help="id or title")
    parser.add_argument(
        "--format", action="append", dest="formats", metavar="NAME", help="such as docx, cc, markdown; may be repeated"
    )
    parser.add_argument("--snapshot", help="id of a structure; by default the published one, else the newest")
    parser.add_argument("--into", type=Path, default=Path(), metavar="FOLDER", help="where the files are written")
    parser.add_argument("--timeout", type=float, metavar="SECONDS", help="do not wait longer than this for each")


def generate_structure(client: Client, arguments: argparse.Namespace, output: Output) -> int:
    """Make a structure, and show it."""
    node = find_node(client, arguments.course)
    options = {"engine": arguments.engine, "strategy": arguments.strategy, "mode": arguments.mode}
    if arguments.no_wait:
        answer: Any = client.request_generation(node, **options)
        is_job = "status" in answer
        said = "The job has begun" if is_job else "There is a structure of the same materials"
        output.show(answer, [f"{said}: {answer['id']}"])
        return OK
    with output.count("Structuring") as show:

        def report(job: JobJson) -> None:
            show(job["progress"]["done"], job["progress"]["total"] or None)

        snapshot = client.generate(node, timeout=arguments.timeout, on_progress=report, **options)
    for warning in snapshot["warnings"]:
        output.warn(warning)
    output.show(snapshot, list_structure_lines(snapshot))
    return OK


def export_structure(client: Client, arguments: argparse.Namespace, output: Output) -> int:
    """Write a structure in formats into files."""
    if not arguments.formats:
        formats = client.request("GET", "/export-formats").parse_json()["data"]
        output.show(formats, (f"{found['name']}  {found['extension']}" for found in formats))
        return OK
    node = find_node(client, arguments.course)
    snapshot = arguments.snapshot or client.read_structure(node)["id"]
    arguments.into.mkdir(parents=True, exist_ok=True)
    # All are asked for before the first is waited for: they are made at the same time.
    exports = {name: client.request_export(snapshot, name) for name in dict.fromkeys(arguments.formats)}
    documents, lines, is_complete = [], [], True
    taken: set[str] = set()
    for name, export in exports.items():
        try:
            found = client.wait_for_export(export, timeout=arguments.timeout)
        except WorkFailed as exc:
            output.warn(f"{name}: {exc}")
            is_complete = False
            continue
        assert found["file"] is not None
        file = arguments.into / _build_name(found["file"]["name"], name, taken)
        client.download_export(export, file)
        losses = found["losses"]["total"]
        documents.append({**found, "path": str(file)})
        lines.append(f"{file}: {found['file']['size_bytes']} bytes, {losses} {'loss' if losses == 1 else 'losses'}")
    output.show(documents, lines)
    return OK if is_complete else FAILED


def list_structure_lines(snapshot: SnapshotJson) -> list[str]:
    """Return a structure as indented lines."""
    counts = ", ".join(f"{count} {name}" for name, count in snapshot["counts"].items())
    return [f"{snapshot['title']} ({snapshot['id']}): {counts}", *_list_nodes(snapshot["children"], "  ")]


def _list_nodes(nodes: list[StructureNodeJson], indent: str) -> list[str]:
    lines = []
    for node in nodes:
        lines.append(f"{indent}{node['node_type']}: {node['title']}")
        lines += _list_nodes(node["children"], indent + "  ")
    return lines


def _build_name(name: str, format_name: str, taken: set[str]) -> str:
    """Return the name of a file; with the format in it where another one ends alike."""
    name = Path(name).name
    if name in taken:
        stem, dot, ending = name.partition(".")
        name = f"{stem}.{format_name}{dot}{ending}"
    taken.add(name)
    return name
