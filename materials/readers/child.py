"""The child process: reads one file within limits and writes one document.

Run as `python child.py FORMAT SOURCE RESULT MEMORY_BYTES CPU_SECONDS FILE_BYTES`. RESULT holds a document as JSON (exit
code 0) or a refusal as JSON (exit code 3). It imports neither Django nor anything of it. Its standard input stays open
as long as its parent lives; when that closes, it ends.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import resource
import sys
import threading
from pathlib import Path

OK, REFUSED, OUT_OF_MEMORY = 0, 3, 4
MAX_PIECES = 200_000
"""More pieces than any course material has; each becomes a row."""


def main(arguments: list[str]) -> int:
    format_name, source, result, memory, cpu, size = arguments
    threading.Thread(target=_die_with_parent, daemon=True).start()
    _limit(memory=int(memory), cpu=int(cpu), size=int(size))
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    sys.setrecursionlimit(5_000)
    from materials.documents import Format  # noqa: PLC0415  # after the limits and the path
    from materials.readers import registry, wire  # noqa: PLC0415
    from materials.readers.base.errors import UnreadableDocument  # noqa: PLC0415

    spare_collections()
    try:
        document = registry.read_document(Path(source), Format(format_name))
        if len(document.pieces) > MAX_PIECES:
            raise UnreadableDocument(
                f"The file has {len(document.pieces):,} paragraphs; at most {MAX_PIECES:,} are taken.",
                code="too_large",
                next_step="Split the file.",
            )
        Path(result).write_bytes(wire.dump(document))
    except UnreadableDocument as exc:
        refusal = {"message": str(exc), "code": exc.code, "next_step": exc.next_step}
        Path(result).write_text(json.dumps(refusal), encoding="utf-8")
        return REFUSED
    except MemoryError:
        return OUT_OF_MEMORY
    return OK


def spare_collections() -> None:
    """Let garbage be looked for seldom, and only in what the reader makes: nearly all of it stays to the end."""
    gc.freeze()
    gc.set_threshold(20_000)


def _die_with_parent() -> None:
    while os.read(0, 1024):
        pass
    os._exit(1)


def _limit(*, memory: int, cpu: int, size: int) -> None:
    limits = (
        ("RLIMIT_AS", memory, memory),
        (
            "RLIMIT_CPU",
            cpu,
            cpu + 1,
        ),  # SIGXCPU, which says that its time is over, comes before SIGKILL
        ("RLIMIT_FSIZE", size, size),
        ("RLIMIT_CORE", 0, 0),
    )
    for name, soft, hard in limits:
        with contextlib.suppress(ValueError, OSError):  # macOS does not take every limit
            resource.setrlimit(getattr(resource, name), (soft, hard))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
