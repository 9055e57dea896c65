"""Turning a folder of materials into a structure over the API, with progress on the screen."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.tree import Tree

from materials.transfer.folder import FolderSource
from materials.transfer.plan import HIDDEN_CODE, ImportPlan, PlannedFile, build_import_plan
from materials.transfer.shortcuts import parse_shortcut_url
from materials.transfer.sources import SkipItem
from project.local.api_client import ApiClient, ApiError

# Often enough for a person who watches; each poll is one request of a local process.
POLL_SECONDS = 0.3
_NODE_STYLES = {"module": "bold cyan", "lesson": "bold", "concept": "green", "exercise": "yellow"}


class BuildFailed(Exception):
    """There is no structure; the message says why."""


def plan_folder(folder: Path) -> ImportPlan:
    """Return what there is to upload. Raises BuildFailed when there are no files."""
    plan = build_import_plan(FolderSource(folder), unwrap=False)
    if not plan.files:
        reasons = "".join(f"\n{left.path}: {left.reason}" for left in _list_skipped_files(plan))
        raise BuildFailed(f"There are no files in {folder} that could be read.{reasons}")
    return plan


@dataclass
class SkippedFile:
    """A file that was not taken, and why."""

    path: str
    reason: str


@dataclass
class CourseBuild:
    """One course, from its folder to its snapshot."""

    client: ApiClient
    console: Console
    engine: str = "outline"
    strategy: str = "default"
    skipped: list[SkippedFile] = field(default_factory=list)
    failed: list[SkippedFile] = field(default_factory=list)
    _paths_by_job: dict[str, str] = field(default_factory=dict)

    def run(self, folder: Path) -> dict[str, Any]:
        """Upload the folder, wait for its ingestion, generate, and return the snapshot. Raises BuildFailed."""
        plan = plan_folder(folder)
        self.skipped += _list_skipped_files(plan)
        with self._create_progress() as progress:
            task = progress.add_task("Uploading", total=len(plan.files))
            root = self.client.post("/api/v1/nodes", {"title": _derive_title(folder)})["id"]
            for _ in self._upload_files(plan, root):
                progress.advance(task)
        self._wait_for_ingestion(root)
        if not self._paths_by_job or len(self.failed) == len(self._paths_by_job):
            reasons = "\n".join(f"{file.path}: {file.reason}" for file in [*self.skipped, *self.failed])
            raise BuildFailed(f"None of the files could be read.\n{reasons}")
        return self._generate_structure(root)

    def print_structure(self, snapshot: dict[str, Any]) -> None:
        """Print the structure as a tree, with where each part stands in the materials."""
        tree = Tree(f"[bold]{escape(snapshot['title'])}[/]")
        for child in snapshot["children"]:
            _add_branch(tree, child)
        self.console.print(tree)
        counts, grounding = snapshot["counts"], snapshot["grounding"]
        self.console.print(
            f"\n{counts['modules']} modules, {counts['lessons']} lessons, {counts['concepts']} concepts, "
            f"{counts['exercises']} exercises. {grounding['verified']} of {grounding['cited']} quotes stand where they "
            f"are said to."
        )
        if made := snapshot["provenance"]:
            self.console.print(
                f"Written by {', '.join(made['models'])} in {made['calls']} calls for ${made['cost_usd']}."
            )
        for warning in snapshot["warnings"]:
            self.console.print(f"[yellow]{escape(warning)}[/]")
        for what, files in (("Not taken", self.skipped), ("Could not be read", self.failed)):
            for file in files:
                self.console.print(f"[yellow]{what}:[/] {escape(file.path)}: {escape(file.reason)}")

    def _upload_files(self, plan: ImportPlan, root: str) -> Iterator[None]:
        nodes = {plan.base: root}
        for folder in plan.folders:
            parent = nodes[folder.path[:-1]]
            fields = {**folder.fields, "title": folder.title, "parent": parent}
            nodes[folder.path] = self.client.post("/api/v1/nodes", fields)["id"]
        for file in plan.files:
            try:
                entry = self._create_entry(file, f"/api/v1/nodes/{nodes[file.path[:-1]]}/entries")
            except (ApiError, SkipItem) as exc:
                self.skipped.append(SkippedFile(path=file.item.display_path, reason=str(exc)))
            else:
                if entry["job"] is not None:
                    self._paths_by_job[entry["job"]] = file.item.display_path
            yield

    def _create_entry(self, file: PlannedFile, entries: str) -> Any:
        path = Path(file.item.handle)
        if file.is_url_shortcut:
            return self.client.post(entries, {"url": parse_shortcut_url(path.read_bytes()), "name": path.stem})
        return self.client.upload_file(entries, path)

    def _wait_for_ingestion(self, root: str) -> None:
        open_jobs = set(self._paths_by_job)
        with self._create_progress() as progress:
            task = progress.add_task("Reading", total=len(open_jobs))
            while open_jobs:
                time.sleep(POLL_SECONDS)
                still = {
                    job["id"]
                    for status in ("queued", "active")
                    for job in self.client.iterate_items("/api/v1/jobs", status=status, limit="200")
                }
                progress.update(task, completed=len(self._paths_by_job) - len(open_jobs & still))
                open_jobs &= still
        for job in self.client.iterate_items("/api/v1/jobs", status="failed", limit="200"):
            if job["id"] in self._paths_by_job:
                reason = f"{job['error']['message']} {job['error']['next_step']}"
                self.failed.append(SkippedFile(path=self._paths_by_job[job["id"]], reason=reason))

    def _generate_structure(self, root: str) -> dict[str, Any]:
        wanted = {"engine": self.engine, "strategy": self.strategy}
        answer = self.client.post(f"/api/v1/nodes/{root}/generate", wanted)
        with self._create_progress() as progress:
            task = progress.add_task("Structuring", total=None)
            while "status" in answer and answer["status"] in {"queued", "active"}:
                time.sleep(POLL_SECONDS)
                answer = self.client.get(f"/api/v1/jobs/{answer['id']}")
                progress.update(task, completed=answer["progress"]["done"], total=answer["progress"]["total"] or None)
        if answer.get("error"):
            raise BuildFailed(f"{answer['error']['message']} {answer['error']['next_step']}")
        snapshot: dict[str, Any] = self.client.get(f"/api/v1/nodes/{root}/structure")
        return snapshot

    def _create_progress(self) -> Progress:
        return Progress(
            TextColumn("{task.description:<12}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self.console,
        )


def write_json(snapshot: dict[str, Any], path: Path) -> None:
    """Write a snapshot as the API gave it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(snapshot, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _add_branch(tree: Tree, node: dict[str, Any]) -> None:
    style = _NODE_STYLES[node["node_type"]]
    places = list(dict.fromkeys(_format_place(reference) for reference in node["references"]))
    shown = "; ".join(places[:3]) + (f"; and {len(places) - 3} more" if len(places) > 3 else "")
    label = f"[{style}]{escape(node['title'])}[/]" + (f" [dim]({escape(shown)})[/]" if shown else "")
    if node["description"] and node["node_type"] == "concept":
        label += f"\n{escape(node['description'])}"
    branch = tree.add(label)
    for child in node["children"]:
        _add_branch(branch, child)


def _format_place(reference: dict[str, Any]) -> str:
    locator = reference["locator"]
    if "page" in locator:
        where = f", p. {locator['page']}"
    elif "slide" in locator:
        where = f", slide {locator['slide']}"
    elif "start_ms" in locator:
        minutes, seconds = divmod(locator["start_ms"] // 1000, 60)
        where = f", {minutes:02}:{seconds:02}"
    else:
        where = ""
    return f"{reference['entry_path']}{where}"


def _list_skipped_files(plan: ImportPlan) -> list[SkippedFile]:
    seen = (left for left in plan.skipped if left.skip.code != HIDDEN_CODE)
    return [SkippedFile(path=left.display_path, reason=left.skip.reason) for left in seen]


def _derive_title(folder: Path) -> str:
    return re.sub(r"[-_]+", " ", folder.resolve().name).strip() or "Course"
