"""What the rules of the client ask for, without doing it: each operation is a generator of steps.

A driver (`client.Client`, `async_client.AsyncClient`) does one step after the other and sends the result back into the
generator, so that retries, uploads and waiting are written once for both.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

# Large enough for a fast network, small enough that memory does not matter: some 40 reads for a part of 10 MiB.
_READ_BYTES = 256 * 2**10


@dataclass(frozen=True, kw_only=True)
class FilePiece:
    """Bytes of a file that are sent as a body, read while they are sent.

    `on_sent` is called with how many of them have been handed to the connection; again from the start when a request is
    repeated.
    """

    path: Path
    offset: int
    length: int
    on_sent: Callable[[int], object] | None = None

    def read_pieces(self) -> Iterator[bytes]:
        """Yield the bytes in pieces. Raises FileChanged when the file has become shorter."""
        sent = 0
        with self.path.open("rb") as file:
            file.seek(self.offset)
            while sent < self.length:
                piece = file.read(min(_READ_BYTES, self.length - sent))
                if not piece:
                    raise FileChanged(f"{self.path} became shorter while it was sent. Send it again.")
                yield piece
                sent += len(piece)
                if self.on_sent is not None:
                    self.on_sent(sent)


class FileChanged(Exception):
    """A file was changed while it was being sent."""


class ConnectionBroken(Exception):
    """No answer came: the server was not reached, or the connection ended. Drivers raise it into the generator."""


@dataclass(frozen=True, kw_only=True)
class Send:
    """Send one request; the result is an `Answer`. With `into` the body of a success is written into that file.

    `timeout` is how many seconds nothing may come or go.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: bytes | FilePiece | None = None
    timeout: float = 60
    into: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Listen:
    """Send a GET; the result is an `Answer`. The body of a success is read with `ReadMore` while it comes."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    timeout: float = 60


@dataclass(frozen=True, kw_only=True)
class ReadMore:
    """Wait for more of the body that `Listen` opened; the result is bytes, empty at its end."""


@dataclass(frozen=True, kw_only=True)
class Pause:
    """Wait for some seconds."""

    seconds: float


@dataclass(frozen=True, kw_only=True)
class HashFile:
    """Read a file; the result is its SHA-256 in hexadecimal digits."""

    path: Path

    def hash(self) -> str:
        """Return the digest."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True, kw_only=True)
class Emit:
    """Hand an item to whoever iterates. Only in operations that iterate."""

    item: Any


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the server answered. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def parse_json(self) -> Any:
        """Return the body as JSON, None for an empty one."""
        return json.loads(self.body) if self.body else None


T = TypeVar("T")
Step: TypeAlias = Send | Listen | ReadMore | Pause | HashFile | Emit
Steps: TypeAlias = Generator[Step, Any, T]


def advance(steps: Steps[Any], result: Any) -> Step:
    """Return the next step after the result of the last one (None at first). Raises StopIteration at the end."""
    return steps.throw(result) if isinstance(result, ConnectionBroken) else steps.send(result)
