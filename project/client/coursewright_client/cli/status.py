"""coursewright status, costs."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from ..client import Client
from ..types import EntryJson, StageCountJson, TreeJson
from .courses import find_node, format_course
from .exits import LEFT_OUT, OK
from .output import Output


def add_status_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `status`."""
    parser.add_argument("course", nargs="?", help="id or title; without it all courses are listed")


def add_costs_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `costs`."""
    parser.add_argument("--month", help="such as 2026-11; by default the present one")


def show_status(client: Client, arguments: argparse.Namespace, output: Output) -> int:
    """Say how far a course is, or which courses there are."""
    if arguments.course is None:
        courses = list(client.iterate_nodes())
        output.show(courses, map(format_course, courses))
        return OK
    node = find_node(client, arguments.course)
    course, status = client.get_node(node), client.get_node_status(node)
    states = {state: count for state, count in status["entries"].items() if state != "total" and count}
    structure = next(client.iterate_snapshots(node), None)
    lines = [f"{course['title']} ({course['id']})"]
    lines.append(f"Entries: {', '.join(f'{count} {state}' for state, count in states.items()) or 'none'}")
    ends = f", expected to end {status['estimated_end']}" if status["estimated_end"] else ""
    lines.append(f"Open jobs: {status['jobs']['queued']} queued, {status['jobs']['active']} active{ends}")
    lines += [_format_stage(stage) for stage in status["stages"]]
    if structure is None:
        lines.append(f"Structure: none yet. Make one: coursewright generate {course['id']}")
    else:
        counts = ", ".join(f"{count} {name}" for name, count in structure["counts"].items())
        lines.append(f"Structure: {structure['id']}, {structure['created_at']}, {counts}")
    for failure in status["failures"]:
        output.warn(
            f"Failed: {failure['name'] or failure['kind']}: {failure['message']} {failure['next_step']}".strip()
        )
    output.show({**status, "title": course["title"], "structure": structure and structure["id"]}, lines)
    return LEFT_OUT if status["failures"] else OK


def show_costs(client: Client, arguments: argparse.Namespace, output: Output) -> int:
    """Say what models cost in a month."""
    costs = client.get_costs(arguments.month)
    limit = f" of {costs['hard_limit_usd']}" if costs["hard_limit_usd"] else ""
    lines = [f"{costs['month']}: ${costs['spent_usd']}{limit}, ${costs['reserved_usd']} reserved"]
    lines += [f"  {row['action']}  {row['model']}  {row['calls']} calls  ${row['cost_usd']}" for row in costs["rows"]]
    output.show(costs, lines)
    return OK


def iterate_entries(tree: TreeJson, above: str = "") -> Iterator[tuple[str, EntryJson]]:
    """Yield the entries of a course, each with its path below the course."""
    for entry in tree["entries"]:
        yield f"{above}{entry['name']}", entry
    for child in tree["children"]:
        yield from iterate_entries(child, f"{above}{child['title']}/")


def list_failed_entries(tree: TreeJson) -> list[tuple[str, str]]:
    """Return the paths of the entries that could not be read, and why."""
    return [
        (shown, f"{entry['error']['message']} {entry['error']['next_step']}".strip())
        for shown, entry in iterate_entries(tree)
        if entry["error"] is not None
    ]


def describe_failures(failed: list[tuple[str, str]]) -> list[str]:
    """Return what people are told about entries that could not be read."""
    return [f"Could not be read: {shown}: {reason}" for shown, reason in failed]


def _format_stage(stage: StageCountJson) -> str:
    of = f" of {stage['total']}" if stage["total"] else ""
    return f"  {stage['kind']}, {stage['stage'] or 'starting'}: {stage['jobs']} active, {stage['done']}{of} done"
