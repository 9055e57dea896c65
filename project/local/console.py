"""What the commands for one folder print: progress, the structure as a tree, and what was left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.tree import Tree

from project.client.coursewright_client.places import format_place
from structures.quality.sentences import describe_quality

_NODE_STYLES = {"module": "bold cyan", "lesson": "bold", "concept": "green", "exercise": "yellow"}


def create_progress(console: Console) -> Progress:
    """Return a progress bar that counts."""
    return Progress(
        TextColumn("{task.description:<12}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    )


def print_structure(console: Console, snapshot: Mapping[str, Any], left_out: Iterable[tuple[str, str, str]]) -> None:
    """Print a snapshot as a tree, with where each part stands in the materials, and what is not in it.

    `left_out` has what happened, the path and the reason of each file.
    """
    tree = Tree(f"[bold]{escape(snapshot['title'])}[/]")
    for child in snapshot["children"]:
        _add_branch(tree, child)
    console.print(tree)
    counts = snapshot["counts"]
    console.print(
        f"\n{counts['modules']} modules, {counts['lessons']} lessons, {counts['concepts']} concepts, "
        f"{counts['exercises']} exercises. {' '.join(describe_quality(snapshot['quality']))}"
    )
    made = snapshot["provenance"]
    if made.get("models"):
        console.print(f"Written by {', '.join(made['models'])} in {made['calls']} calls for ${made['cost_usd']}.")
    for warning in snapshot["warnings"]:
        console.print(f"[yellow]{escape(warning)}[/]")
    for what, path, reason in left_out:
        console.print(f"[yellow]{what}:[/] {escape(path)}: {escape(reason)}")


def _add_branch(tree: Tree, node: dict[str, Any]) -> None:
    style = _NODE_STYLES[node["node_type"]]
    places = list(dict.fromkeys(_format_place(reference) for reference in node["references"]))
    shown = "; ".join(places[:3]) + (f"; and {len(places) - 3} more" if len(places) > 3 else "")
    label = f"[{style}]{escape(node['title'])}[/]" + (f" [dim]({escape(shown)})[/]" if shown else "")
    if node["estimated_minutes"]:
        basis = "" if node["minutes_basis"] == "stated" else f", {node['minutes_basis']}"
        label += f" [dim]{node['estimated_minutes']} min{basis}[/]"
    for goal in node["learning_goal"].splitlines():
        label += f"\n[italic]Goal: {escape(goal)}[/]"
    if node["description"] and node["node_type"] == "concept":
        label += f"\n{escape(node['description'])}"
    branch = tree.add(label)
    for child in node["children"]:
        _add_branch(branch, child)


def _format_place(reference: dict[str, Any]) -> str:
    return ", ".join(filter(None, (reference["entry_path"], format_place(reference["locator"]))))
