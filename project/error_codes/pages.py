"""The page of all error codes in Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterator

from project.error_codes.catalogue import ErrorCode, build_example, get_areas

_HEAD = """\
# Error codes

Every problem that the API answers with (RFC 9457) has a `code`, and so has the `error` of a job or entry that failed.
Codes are stable: compare them, and show `detail` and `next_step` to people. The `type` of a problem leads to the page
of its code on the server that answered: `/api/errors/{code}`. Each operation in the document of the API lists the codes
that it answers with ([API](api.md)). This page is made of the files in `project/error_codes/` by `make schema`.
"""


def build_page() -> str:
    """Return the page, with a section for each code."""
    return "\n".join([_HEAD, *_write_areas()])


def _write_areas() -> Iterator[str]:
    for area in get_areas():
        yield f"## {area.title}\n"
        for code in sorted(area.codes):
            yield from _write_code(code, area.codes[code])


def _write_code(code: str, entry: ErrorCode) -> Iterator[str]:
    statuses = ", ".join(f"{status.value} {status.phrase}" for status in entry.status)
    yield f"### {code}\n"
    yield f"**{statuses}.** {entry.cause}\n" if statuses else f"**Of jobs and entries.** {entry.cause}\n"
    yield f"What to do: {entry.next_step}\n"
    example = json.dumps(build_example(code), ensure_ascii=False, indent=2)
    yield f"```json\n{example}\n```\n"
