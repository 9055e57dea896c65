"""The tree of materials: nodes, entries, search."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

from .core import Core
from .operations import iteration, operation
from .steps import FilePiece, Steps
from .types import EntryJson, FoundJson, JobJson, NodeJson, TreeJson


class MaterialResources(Core):
    """What goes in."""

    @iteration(NodeJson)
    def iterate_nodes(self, parent: str | None = None) -> Steps[None]:
        """Yield the courses, or the children of a node."""
        yield from self.emit_pages("/nodes", {"parent": parent})

    @operation
    def create_node(
        self,
        /,
        title: str,
        *,
        parent: str | None = None,
        language: str | None = None,
        idempotency_key: str | None = None,
        **fields: Any,
    ) -> Steps[NodeJson]:
        """Create a course, or with `parent` a part of one."""
        given = {"title": title, "parent": parent, "language": language, **fields}
        body = {name: value for name, value in given.items() if value is not None}
        return (yield from self.call_json(NodeJson, "POST", "/nodes", body=body, idempotency_key=idempotency_key))

    @operation
    def get_node(self, node: str) -> Steps[NodeJson]:
        """Return a node."""
        return (yield from self.call_json(NodeJson, "GET", f"/nodes/{node}"))

    @operation
    def read_tree(self, node: str) -> Steps[TreeJson]:
        """Return a node with its entries and everything below it."""
        return (yield from self.call_json(TreeJson, "GET", f"/nodes/{node}/tree"))

    @operation
    def delete_node(self, node: str) -> Steps[None]:
        """Delete a node with everything below it."""
        yield from self.call("DELETE", f"/nodes/{node}")

    @iteration(EntryJson)
    def iterate_entries(self, /, node: str, **filters: Any) -> Steps[None]:
        """Yield the entries of a node; filters are those of the API, such as `state="error"`."""
        yield from self.emit_pages(f"/nodes/{node}/entries", filters)

    @operation
    def get_entry(self, entry: str) -> Steps[EntryJson]:
        """Return an entry."""
        return (yield from self.call_json(EntryJson, "GET", f"/entries/{entry}"))

    @operation
    def add_url(
        self, node: str, url: str, *, name: str | None = None, idempotency_key: str | None = None
    ) -> Steps[EntryJson]:
        """Make an entry of a page or a file on the web."""
        body = {"url": url, **({"name": name} if name else {})}
        return (
            yield from self.call_json(
                EntryJson, "POST", f"/nodes/{node}/entries", body=body, idempotency_key=idempotency_key
            )
        )

    @operation
    def delete_entry(self, entry: str) -> Steps[None]:
        """Delete an entry."""
        yield from self.call("DELETE", f"/entries/{entry}")

    @operation
    def import_archive(self, node: str, path: Path, *, idempotency_key: str | None = None) -> Steps[JobJson]:
        """Send a zip, a tar.gz or a course package, and return the job that makes nodes and entries of it."""
        piece = FilePiece(path=path, offset=0, length=path.stat().st_size)
        kind = "application/gzip" if path.name.endswith((".gz", ".tgz")) else "application/zip"
        headers = {"Content-Type": kind, "Content-Disposition": build_disposition(path.name)}
        return (
            yield from self.call_json(
                JobJson,
                "POST",
                f"/nodes/{node}/import",
                content=piece,
                headers=headers,
                idempotency_key=idempotency_key,
            )
        )

    @iteration(FoundJson)
    def search(self, node: str, text: str, *, by: str | None = None) -> Steps[None]:
        """Yield passages at or below a node, the best first, each with its place."""
        yield from self.emit_pages(f"/nodes/{node}/search", {"q": text, "by": by})


def build_disposition(name: str) -> str:
    """Return the header that says how a raw body is called."""
    return f"attachment; filename*=UTF-8''{quote(name)}"
