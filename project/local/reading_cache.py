"""Results of reading files, kept on disk by the files' content."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import os
import sysconfig
import zlib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from django.conf import settings

from materials.documents import Document
from materials.readers.document_json import decode_document, encode_document

# Compressed, some ten thousand files of the sample courses. A choice: less than what the embedded database takes.
MAX_BYTES = 500 * 2**20
# The fastest: higher levels make the files a fifth smaller and take three times as long.
_COMPRESSION_LEVEL = 1


@cache
def compute_readers_digest() -> str:
    """Return a digest that changes with the code of the readers and with the installed libraries."""
    materials = Path(settings.BASE_DIR) / "materials"
    digest = hashlib.sha256()
    for file in sorted([*materials.glob("*.py"), *(materials / "readers").rglob("*.py")]):
        digest.update(file.relative_to(materials).as_posix().encode())
        digest.update(file.read_bytes())
    # The names of these folders hold the versions.
    libraries = Path(sysconfig.get_path("purelib")).glob("*.dist-info")
    digest.update("\n".join(sorted(library.name for library in libraries)).encode())
    return digest.hexdigest()


@dataclass(frozen=True, kw_only=True)
class ReadingCache:
    """Documents by the digest of their bytes, their file name, and the code that read them.

    Several processes may use one folder at once: files appear whole.
    """

    folder: Path
    max_bytes: int = MAX_BYTES
    readers: str = field(default_factory=compute_readers_digest)

    def load(self, *, sha256: str, name: str) -> Document | None:
        """Return the document of that content, None when there is none that today's readers made."""
        file = self._get_file(sha256, name)
        try:
            document = decode_document(gzip.decompress(file.read_bytes()))
        except FileNotFoundError:
            return None
        except (OSError, EOFError, ValueError, TypeError, KeyError, zlib.error):
            return None  # cut short or changed by somebody: it is read and written again
        with contextlib.suppress(OSError):
            os.utime(file)  # what is used lately is removed last
        return document

    def store(self, document: Document, *, sha256: str, name: str) -> None:
        """Keep a document."""
        file = self._get_file(sha256, name)
        file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_suffix(f".{os.getpid()}")
        unfinished.write_bytes(gzip.compress(encode_document(document), _COMPRESSION_LEVEL))
        unfinished.replace(file)

    def prune(self) -> None:
        """Remove what was not used for longest until all that is kept is within `max_bytes`."""
        found = []
        for file in self.folder.glob("*/*"):
            with contextlib.suppress(FileNotFoundError):
                status = file.stat()
                found.append((status.st_mtime, status.st_size, file))
        total = sum(size for _, size, _ in found)
        for _, size, file in sorted(found):
            if total <= self.max_bytes:
                break
            file.unlink(missing_ok=True)
            total -= size

    def _get_file(self, sha256: str, name: str) -> Path:
        key = hashlib.sha256(f"{self.readers}\n{sha256}\n{name}".encode()).hexdigest()
        return self.folder / key[:2] / f"{key}.gz"
