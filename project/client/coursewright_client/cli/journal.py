"""What an upload of a folder has done so far, kept so that it goes on after Ctrl-C, kill -9 or a power cut."""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from ..problems import ClientError
from .credentials import find_folder

try:
    import fcntl
except ImportError:  # on Windows, where two uploads of one folder at the same time are not kept apart
    fcntl = None  # type: ignore[assignment]


class AlreadyUploading(ClientError):
    """Another process uploads the same folder."""


@dataclass
class Journal:
    """An append-only file of what was done: one JSON object a line.

    A record is on the disk before the next step is done. `run` is made once: keys derived from it are the same when a
    step whose record was lost is done again, so that the server does it once.
    """

    run: uuid.UUID
    nodes: dict[str, str] = field(default_factory=dict)
    sent: dict[str, dict[str, Any]] = field(default_factory=dict)
    announced: dict[str, dict[str, Any]] = field(default_factory=dict)
    refusals: dict[str, int] = field(default_factory=dict)
    _handle: int = -1

    @classmethod
    def open(cls, path: Path, *, is_new: bool) -> Self:
        """Read a journal and hold it, or begin one. Raises AlreadyUploading."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        if fcntl is not None:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(handle)
                raise AlreadyUploading("Another process uploads this folder. Wait for it, or stop it.") from None
        if is_new:
            os.ftruncate(handle, 0)
        journal = cls(run=uuid.uuid4(), _handle=handle)
        text = path.read_bytes()
        for line in text.splitlines():
            try:
                journal._take(json.loads(line))
            except ValueError:
                continue  # the record that was being written when the process was killed
        if text and not text.endswith(b"\n"):
            os.write(handle, b"\n")
        if not text:
            journal.record({"run": str(journal.run)})
        return journal

    def close(self) -> None:
        """Let others have it."""
        os.close(self._handle)

    def record(self, record: Mapping[str, Any]) -> None:
        """Keep a record. Threads may do so at the same time: one write a record."""
        self._take(record)
        os.write(self._handle, (json.dumps(record, ensure_ascii=False) + "\n").encode())
        os.fsync(self._handle)

    def derive_key(self, *what: object) -> str:
        """Return the `Idempotency-Key` of a step of this upload."""
        return str(uuid.uuid5(self.run, "\n".join(map(str, what))))

    def _take(self, record: Mapping[str, Any]) -> None:
        if "run" in record:
            self.run = uuid.UUID(record["run"])
        elif "node" in record:
            self.nodes[record["path"]] = record["node"]
        elif "upload" in record:
            self.announced[record["path"]] = dict(record)
        elif "entry" in record:
            self.sent[record["path"]] = dict(record)
            self.announced.pop(record["path"], None)
        elif "refused" in record:
            self.refusals[record["path"]] = self.refusals.get(record["path"], 0) + 1
            self.announced.pop(record["path"], None)


def find_journal(url: str, tenant: str, folder: Path, node: str | None) -> Path:
    """Return where the journal of a folder is, for one tenant of one server."""
    told = "\n".join((url, tenant, str(folder.resolve()), node or ""))
    name = hashlib.sha256(told.encode()).hexdigest()[:32]
    return find_folder("XDG_STATE_HOME", ".local/state") / "uploads" / f"{name}.jsonl"
