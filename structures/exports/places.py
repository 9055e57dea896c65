"""Addresses of cited places on the web: at the second, the page or the anchor, where the address can say it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl, quote, urlencode, urlsplit
from uuid import UUID

from materials.documents import Locator
from structures.exports.base import ExportedNode, ExportedReference, ExportedSnapshot, ExportLoss
from structures.exports.options import ExportOption, OptionType

QUOTES = ExportOption(
    name="quotes",
    type=OptionType.BOOLEAN,
    default=False,
    description="With the words that are quoted of the materials, below the places where they stand.",
)
"""The option of formats that show evidence as `lesson_html` does."""

# Sites that show a page with a player, which reads where to begin from the query or the fragment.
_QUERY_PLAYERS = re.compile(r"(?:.*\.)?(?:youtube(?:-nocookie)?\.com|youtu\.be)")
_FRAGMENT_PLAYERS = re.compile(r"(?:.*\.)?vimeo\.com")


def find_place_url(reference: ExportedReference, addresses: Mapping[UUID, str]) -> str:
    """Return the address of the cited place; blank when its material has none on the web (http or https)."""
    try:
        parts = urlsplit(addresses.get(reference.entry_id, ""))
        host = (parts.hostname or "").lower()
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not host:
        return ""
    locator = reference.locator
    if locator.start_ms is not None and _QUERY_PLAYERS.fullmatch(host):
        query = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != "t"]
        # The second in which it begins: these players know no parts of one, and no end.
        return parts._replace(query=urlencode([*query, ("t", f"{locator.start_ms // 1000}s")])).geturl()
    fragment = _build_fragment(locator, host)
    return parts._replace(fragment=fragment).geturl() if fragment else parts.geturl()


def says_end(url: str) -> bool:
    """Tell whether the address of a place in a recording says where the place ends."""
    return re.search(r"#t=[\d.]+,[\d.]+$", url) is not None


def find_place_losses(node: ExportedNode, snapshot: ExportedSnapshot, *, with_quotes: bool) -> Iterator[ExportLoss]:
    """Yield what a file says less of a node's evidence than the reference does, when it names places and links them."""
    urls = [find_place_url(reference, snapshot.addresses) for reference in node.references]
    if not all(urls):
        said = "The materials are not in the file: what has no address on the web is named without a link."
        yield _build_loss(node, "references.link", said)
    timed = [reference.locator.end_ms is not None for reference in node.references]
    if any(url and is_timed and not says_end(url) for url, is_timed in zip(urls, timed, strict=True)):
        yield _build_loss(node, "references.end_ms", "The address of such a player says where to begin, and no end.")
    if not with_quotes and any(reference.quote for reference in node.references):
        yield _build_loss(node, "references.quote", f"The option `{QUOTES.name}` is off.")


def _build_loss(node: ExportedNode, field: str, reason: str) -> ExportLoss:
    return ExportLoss(key=node.row.key, title=node.row.title, field=field, reason=reason)


def _build_fragment(locator: Locator, host: str) -> str:
    if locator.start_ms is not None:
        if _FRAGMENT_PLAYERS.fullmatch(host):
            return f"t={locator.start_ms // 1000}s"
        end = f",{_format_seconds(locator.end_ms)}" if (locator.end_ms or 0) > locator.start_ms else ""
        return f"t={_format_seconds(locator.start_ms)}{end}"
    if locator.fragment:
        return quote(locator.fragment, safe="")
    return f"page={locator.page}" if locator.page is not None else ""


def _format_seconds(milliseconds: int | None) -> str:
    """Return a time of a media fragment (Media Fragments URI 1.0, 4.2.1)."""
    return f"{(milliseconds or 0) / 1000:.3f}".rstrip("0").rstrip(".")
