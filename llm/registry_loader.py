"""The registry in force: read from its file, and read again when the file changes.

A broken edit changes nothing: the version before it stays in force, the log says what is wrong, and so does the health
page, until the file is mended.
"""

from __future__ import annotations

import threading
from functools import cache
from pathlib import Path

from django.conf import settings

from llm.errors import RegistryUnusable
from llm.registry import Registry, RegistryFaults, read_registry
from project import logs

log = logs.get_logger(__name__)

_Stamp = tuple[int, int, int]


class WatchedRegistry:
    """The registry of one file. Safe under threads; looking costs one `stat`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._stamp: _Stamp | None = None
        self._good: Registry | None = None
        self._fault = ""

    def current(self) -> Registry:
        """Return the newest version without faults. Raises RegistryUnusable when there has been none."""
        self._look()
        if self._good is None:
            raise RegistryUnusable(f"The registry of models cannot be used: {self._fault}")
        return self._good

    def fault(self) -> str:
        """Return what is wrong with the file as it stands; blank when it is in force."""
        self._look()
        return self._fault

    def _look(self) -> None:
        stamp = self._stamp_now()
        if stamp == self._stamp:
            return
        with self._lock:
            if stamp == self._stamp:
                return
            try:
                before, self._good, self._fault = self._good, read_registry(self._path), ""
                if before is not None:
                    log.info("registry of models taken up", registry=self._good.digest)
            except RegistryFaults as exc:
                self._complain(str(exc))
            except OSError as exc:
                self._complain(f"{self._path.name} cannot be read: {exc.strerror}")
            self._stamp = stamp

    def _complain(self, fault: str) -> None:
        self._fault = fault
        log.error("registry of models refused", fault=fault, in_force=self._good.digest if self._good else None)

    def _stamp_now(self) -> _Stamp:
        try:
            found = self._path.stat()
        except OSError:
            return (0, 0, 0)
        return (found.st_mtime_ns, found.st_size, found.st_ino)


def watched_registry() -> WatchedRegistry:
    """Return this process's registry."""
    return _watched(Path(settings.MODELS_FILE))


_watched = cache(WatchedRegistry)
