"""Turning the files of a course into a structure over the API, with progress on the screen."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from materials.transfer.plan import ImportPlan, PlannedFile
from materials.transfer.shortcuts import parse_shortcut_url
from materials.transfer.sources import SkipItem
from project.local.api_client import ApiClient, ApiError
from project.local.console import create_progress
from project.local.course_files import BuildFailed, CourseFiles, SkippedFile, list_skipped_files, raise_nothing_read

# Often enough for a person who watches; each poll is one request of a local process.
POLL_SECONDS = 0.3


def list_left_out(skipped: Iterable[SkippedFile], failed: Iterable[SkippedFile]) -> list[tuple[str, str, str]]:
    """Return for each file what happened, its path and the reason, for `console.print_structure`."""
    return [
        *(("Not taken", file.path, file.reason) for file in skipped),
        *(("Could not be read", file.path, file.reason) for file in failed),
    ]


@dataclass
class CourseBuild:
    """One course, from its files to its snapshot."""

    client: ApiClient
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
            root = self.client.post("/api/v1/nodes", {"title": course.title})["id"]
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
            name = file.manifest_fields.get("name") or Path(file.path[-1]).stem
            return self.client.post(entries, {"url": parse_shortcut_url(path.read_bytes()), "name": name})
        return self.client.upload_file(entries, path, name=file.name)

    def _wait_for_ingestion(self, root: str) -> None:
        open_jobs = set(self._paths_by_job)
        with create_progress(self.console) as progress:
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
        wanted = {"engine": self.engine, "strategy": self.strategy, "mode": self.mode}
        answer = self.client.post(f"/api/v1/nodes/{root}/generate", wanted)
        with create_progress(self.console) as progress:
            task = progress.add_task("Structuring", total=None)
            while "status" in answer and answer["status"] in {"queued", "active"}:
                time.sleep(POLL_SECONDS)
                answer = self.client.get(f"/api/v1/jobs/{answer['id']}")
                progress.update(task, completed=answer["progress"]["done"], total=answer["progress"]["total"] or None)
        if answer.get("error"):
            raise BuildFailed(f"{answer['error']['message']} {answer['error']['next_step']}")
        snapshot: dict[str, Any] = self.client.get(f"/api/v1/nodes/{root}/structure")
        return snapshot


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
