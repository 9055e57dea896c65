"""Turning the files of a course into a structure over the API, with progress on the screen."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from materials.transfer.plan import ImportPlan, PlannedFile
from materials.transfer.shortcuts import parse_shortcut_url
from materials.transfer.sources import SkipItem
from project.client.coursewright_client import ApiProblem, Client, WorkFailed
from project.client.coursewright_client.types import EntryJson, JobJson, NodeStatusJson
from project.local.console import create_progress
from project.local.course_files import BuildFailed, CourseFiles, SkippedFile, list_skipped_files, raise_nothing_read


def list_left_out(skipped: Iterable[SkippedFile], failed: Iterable[SkippedFile]) -> list[tuple[str, str, str]]:
    """Return for each file what happened, its path and the reason, for `console.print_structure`."""
    return [
        *(("Not taken", file.path, file.reason) for file in skipped),
        *(("Could not be read", file.path, file.reason) for file in failed),
    ]


@dataclass
class CourseBuild:
    """One course, from its files to its snapshot."""

    client: Client
    console: Console
    engine: str = "outline"
    strategy: str = "default"
    mode: str = "free"
    skipped: list[SkippedFile] = field(default_factory=list)
    failed: list[SkippedFile] = field(default_factory=list)
    _paths_by_job: dict[str, str] = field(default_factory=dict)

    def run(self, course: CourseFiles) -> dict[str, Any]:
        """Upload the files, wait for their ingestion, generate, and return the snapshot. Raises BuildFailed."""
        plan = course.plan
        self.skipped += list_skipped_files(plan)
        with create_progress(self.console) as progress:
            task = progress.add_task("Uploading", total=len(plan.files))
            root = self.client.create_node(course.title)["id"]
            for _ in self._upload_files(plan, root):
                progress.advance(task)
        self._wait_for_ingestion(root)
        if not self._paths_by_job or len(self.failed) == len(self._paths_by_job):
            raise_nothing_read([*self.skipped, *self.failed])
        return self._generate_structure(root)

    def _upload_files(self, plan: ImportPlan, root: str) -> Iterator[None]:
        nodes = {plan.base: root}
        for folder in plan.folders:
            parent = nodes[folder.path[:-1]]
            fields = {name: value for name, value in folder.fields.items() if name != "title"}
            nodes[folder.path] = self.client.create_node(folder.title, parent=parent, **fields)["id"]
        for file in plan.files:
            try:
                entry = self._create_entry(file, nodes[file.path[:-1]])
            except (ApiProblem, SkipItem) as exc:
                self.skipped.append(SkippedFile(path=file.item.display_path, reason=str(exc)))
            else:
                if entry["job"] is not None:
                    self._paths_by_job[entry["job"]] = file.item.display_path
            yield

    def _create_entry(self, file: PlannedFile, node: str) -> EntryJson:
        path = Path(file.item.handle)
        if file.is_url_shortcut:
            name = file.manifest_fields.get("name") or Path(file.path[-1]).stem
            return self.client.add_url(node, parse_shortcut_url(path.read_bytes()), name=name)
        return self.client.upload_file(node, path, name=file.name)

    def _wait_for_ingestion(self, root: str) -> None:
        total = len(self._paths_by_job)
        with create_progress(self.console) as progress:
            task = progress.add_task("Reading", total=total)

            def show(status: NodeStatusJson) -> None:
                still = status["jobs"]["total"] - status["progress"]["done"]
                progress.update(task, completed=total - min(still, total))

            self.client.wait_for_node(root, on_status=show)
        for job in self.client.iterate_jobs(node=root, status="failed"):
            if job["error"] is not None and job["id"] in self._paths_by_job:
                reason = f"{job['error']['message']} {job['error']['next_step']}"
                self.failed.append(SkippedFile(path=self._paths_by_job[job["id"]], reason=reason))

    def _generate_structure(self, root: str) -> dict[str, Any]:
        with create_progress(self.console) as progress:
            task = progress.add_task("Structuring", total=None)

            def show(job: JobJson) -> None:
                progress.update(task, completed=job["progress"]["done"], total=job["progress"]["total"] or None)

            try:
                snapshot = self.client.generate(
                    root, engine=self.engine, strategy=self.strategy, mode=self.mode, on_progress=show
                )
            except WorkFailed as exc:
                raise BuildFailed(str(exc)) from exc
        return dict(snapshot)


@dataclass(frozen=True, kw_only=True)
class OutputFiles:
    """Where a structure is written to: as the API gives it, as Markdown, and as a page; None for not at all."""

    json: Path | None
    markdown: Path | None
    html: Path | None


def add_output_arguments(parser: ArgumentParser) -> None:
    """Add the options that name the files of `OutputFiles`."""
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the structure as the API gives it")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the structure as Markdown")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write the structure as a page for the browser")


def write_outputs(snapshot: dict[str, Any], *, markdown: str, html: str, files: OutputFiles, console: Console) -> None:
    """Write a structure into those of the files that are named."""
    json_text = json.dumps(snapshot, ensure_ascii=False, indent=2) + "\n"
    for file, text in ((files.json, json_text), (files.markdown, markdown), (files.html, html)):
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            console.print(f"Written: {file}")
