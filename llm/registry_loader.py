"""Loads the registry from its file, and again when the file changes.

A file with faults changes nothing: the previous version stays in use, and the log and the health page say what is wrong
until the file is mended.
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

_FileStamp = tuple[int, int, int]


class RegistryLoader:
    """Caches the registry of one file. Safe under threads; each access costs one `stat`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._stamp: _FileStamp | None = None
        self._registry: Registry | None = None
        self._fault = ""

    def get_registry(self) -> Registry:
        """Return the latest version without faults. Raises RegistryUnusable when there has been none."""
        self._reload_if_changed()
        if self._registry is None:
            raise RegistryUnusable(f"The registry of models cannot be used: {self._fault}")
        return self._registry

    def get_fault(self) -> str:
        """Return what is wrong with the current file; blank when it is in use."""
        self._reload_if_changed()
        return self._fault

    def _reload_if_changed(self) -> None:
        stamp = self._read_stamp()
        if stamp == self._stamp:
            return
        with self._lock:
            if stamp == self._stamp:
                return
            try:
                before, self._registry, self._fault = self._registry, read_registry(self._path), ""
                if before is not None:
                    log.info("registry of models taken up", registry=self._registry.digest)
            except RegistryFaults as exc:
                self._record_fault(str(exc))
            except OSError as exc:
                self._record_fault(f"{self._path.name} cannot be read: {exc.strerror}")
            # After a fault, too: a broken file is read and logged once, not with every question.
            self._stamp = stamp

    def _record_fault(self, fault: str) -> None:
        self._fault = fault
        log.error("registry of models refused", fault=fault, in_force=self._registry.digest if self._registry else None)

    def _read_stamp(self) -> _FileStamp:
        try:
            found = self._path.stat()
        except OSError:
            return (0, 0, 0)
        # Size and inode besides the time: an editor that renames a new file over the old one may keep its time stamp.
        return (found.st_mtime_ns, found.st_size, found.st_ino)


def get_registry_loader() -> RegistryLoader:
    """Return the loader of the file in MODELS_FILE, one for the process."""
    return _get_loader(Path(settings.MODELS_FILE))


# By path, so that tests with another MODELS_FILE get a loader of their own.
_get_loader = cache(RegistryLoader)
