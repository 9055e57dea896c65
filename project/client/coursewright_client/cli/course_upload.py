"""A folder of this machine becomes a course: sub-folders are nodes, files are entries."""

from __future__ import annotations

import queue
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..client import Client
from ..problems import ApiProblem, InputRefused, ResourceMissing, StateConflict, WorkFailed
from ..steps import FileChanged
from .journal import Journal

# As many transfers as a tenant may have at once by default.
PARALLEL = 4
_UNWANTED = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})
# Problems of one file; what they say of others is nothing. Quota and rights concern all.
_OF_ONE_FILE = frozenset({400, 409, 413, 415, 422})


@dataclass(frozen=True, kw_only=True)
class LocalFile:
    """A file of the folder as it was found."""

    path: Path
    shown: str
    size: int
    modified_ns: int


@dataclass(kw_only=True)
class FolderPlan:
    """The files by the folder that they are in (blank for the top), and what is left out, with reasons."""

    folders: dict[str, list[LocalFile]] = field(default_factory=dict)
    left_out: list[tuple[str, str]] = field(default_factory=list)

    def list_files(self) -> list[LocalFile]:
        """Return all files in order."""
        return [file for files in self.folders.values() for file in files]


@dataclass(kw_only=True)
class UploadReport:
    """What became of the files."""

    course: str = ""
    sent: int = 0
    already_there: int = 0
    replaced: list[tuple[str, str]] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)


def scan_folder(folder: Path) -> FolderPlan:
    """Return what an upload would send. Hidden files are left out without a word, symbolic links with one."""
    plan = FolderPlan(folders={"": []})
    for path in sorted(folder.rglob("*"), key=lambda found: _build_sort_key(found.relative_to(folder))):
        relative = path.relative_to(folder)
        if any(part.startswith(".") or part in _UNWANTED for part in relative.parts):
            continue
        if path.is_symlink():
            plan.left_out.append((relative.as_posix(), "It is a symbolic link. Put the file itself there."))
        elif path.is_file():
            found = path.stat()
            file = LocalFile(path=path, shown=relative.as_posix(), size=found.st_size, modified_ns=found.st_mtime_ns)
            for parent in reversed(relative.parents):
                plan.folders.setdefault("" if parent == Path() else parent.as_posix(), [])
            plan.folders["" if relative.parent == Path() else relative.parent.as_posix()].append(file)
    return plan


@dataclass(kw_only=True)
class CourseUpload:
    """One upload: makes the nodes in order, then sends folders at the same time, the files of each in their order."""

    client: Client
    journal: Journal
    plan: FolderPlan
    title: str
    language: str | None = None
    node: str | None = None
    parallel: int = PARALLEL
    report: UploadReport = field(default_factory=UploadReport)
    _done: dict[str, int] = field(default_factory=dict)
    _stopped: threading.Event = field(default_factory=threading.Event)

    def run(self, on_progress: Callable[[int, str], None]) -> UploadReport:
        """Send what has not been sent. `on_progress` is told how many bytes are there, and what is being sent."""
        self.report.left_out += self.plan.left_out
        nodes = self._make_nodes()
        self.report.course = nodes[""]
        waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
        for folder in self.plan.folders:
            waiting.put(folder)
        ended: queue.SimpleQueue[Exception | None] = queue.SimpleQueue()
        for _ in range(self.parallel):
            # Daemons: Ctrl-C ends the process at once, in the middle of a file, which goes on the next time.
            threading.Thread(target=self._work, args=(waiting, nodes, ended, on_progress), daemon=True).start()
        errors = [error for _ in range(self.parallel) if (error := ended.get()) is not None]
        if errors:
            raise errors[0]
        return self.report

    def _make_nodes(self) -> dict[str, str]:
        nodes = dict(self.journal.nodes)
        if self.node is not None:
            nodes[""] = self.node
        for folder in self.plan.folders:
            if folder in nodes:
                continue
            above, _, name = folder.rpartition("/")
            title = name or self.title
            parent = nodes[above] if folder else None
            made = self.client.create_node(
                title,
                parent=parent,
                language=self.language if not folder else None,
                idempotency_key=self.journal.derive_key("node", folder, title, parent, self.language),
            )
            nodes[folder] = made["id"]
            self.journal.record({"path": folder, "node": made["id"]})
        return nodes

    def _work(
        self,
        waiting: queue.SimpleQueue[str],
        nodes: dict[str, str],
        ended: queue.SimpleQueue[Exception | None],
        on_progress: Callable[[int, str], None],
    ) -> None:
        try:
            for folder in _take_all(waiting):
                for file in self.plan.folders[folder]:
                    if self._stopped.is_set():
                        break
                    self._send(file, nodes[folder], on_progress)
        except Exception as exc:  # noqa: BLE001  # told to the thread that waits, which raises it
            self._stopped.set()
            ended.put(exc)
        else:
            ended.put(None)

    def _send(self, file: LocalFile, node: str, on_progress: Callable[[int, str], None]) -> None:
        def report(sent: int) -> None:
            self._done[file.shown] = sent
            on_progress(sum(list(self._done.values())), file.shown)

        state = {"size": file.size, "modified_ns": file.modified_ns}
        before = self.journal.sent.get(file.shown)
        if before is not None and {name: before[name] for name in state} == state:
            self.report.already_there += 1
        else:
            try:
                entry = self._upload(file, node, state, report)
            except (ApiProblem, WorkFailed, FileChanged, OSError) as exc:
                if isinstance(exc, ApiProblem) and (exc.status not in _OF_ONE_FILE or exc.code == "quota_exceeded"):
                    raise
                self.report.left_out.append((file.shown, _describe(exc)))
                self.journal.record({"path": file.shown, "refused": True})
            else:
                self.journal.record({"path": file.shown, "entry": entry, **state})
                self.report.sent += 1
                if before is not None:
                    self.report.replaced.append((file.shown, before["entry"]))
        report(file.size)

    def _upload(self, file: LocalFile, node: str, state: dict[str, int], report: Callable[[int], None]) -> str:
        known = self.journal.announced.get(file.shown)
        upload = known["upload"] if known and {name: known[name] for name in state} == state else None
        attempt = self.journal.refusals.get(file.shown, 0)

        def send(upload: str | None, salt: str) -> Any:
            return self.client.upload_file(
                node,
                file.path,
                upload=upload,
                idempotency_key=self.journal.derive_key("file", file.shown, *state.values(), attempt, salt),
                on_announced=lambda new: self.journal.record({"path": file.shown, "upload": new, **state}),
                on_sent=report,
            )

        try:
            entry = send(upload, "")
        except (ResourceMissing, StateConflict, InputRefused):
            if upload is None:
                raise
            # The announcement has expired since: announce it anew.
            entry = send(None, upload)
        return str(entry["id"])


def _take_all(waiting: queue.SimpleQueue[str]) -> Iterator[str]:
    while True:
        try:
            yield waiting.get_nowait()
        except queue.Empty:
            return


def _describe(exc: Exception) -> str:
    if isinstance(exc, ApiProblem):
        return f"{exc.detail} {exc.next_step}".strip()
    return str(exc)


def _build_sort_key(path: Path) -> list[list[tuple[int, str]]]:
    """Return a key by which "2 b" comes before "10 a", in each folder."""
    return [
        [(int(piece), "") if piece.isdecimal() else (-1, piece.casefold()) for piece in re.split(r"(\d+)", part)]
        for part in path.parts
    ]
