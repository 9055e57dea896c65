"""Addresses of cited places on the web: at the second, the page or the anchor, where the address can say it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit
from uuid import UUID

from materials.documents import Locator
from structures.exports.base import ExportedNode, ExportedReference, ExportedSnapshot, ExportLoss
from structures.exports.losses import build_loss
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
_SHORT_HOST = "youtu.be"
_SHORT_PATH = re.compile(r"/(?P<id>[\w-]+)/?", re.ASCII)
# Of pages and players of YouTube whose id is not in the query.
_PLAYER_PATH = re.compile(r"/(?:embed|shorts|live|v)/(?P<id>[\w-]+)/?", re.ASCII)
_YOUTUBE_ID = re.compile(r"[\w-]+", re.ASCII)


def find_place_url(reference: ExportedReference, addresses: Mapping[UUID, str]) -> str:
    """Return the address of the cited place; blank when its material has none on the web (http or https)."""
    parts = _split_address(addresses.get(reference.entry_id, ""))
    if parts is None:
        return ""
    host = _get_host(parts)
    locator = reference.locator
    if locator.start_ms is not None and _QUERY_PLAYERS.fullmatch(host):
        query = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != "t"]
        # The second in which it begins: these players know no parts of one, and no end.
        return parts._replace(query=urlencode([*query, ("t", f"{locator.start_ms // 1000}s")])).geturl()
    fragment = _build_fragment(locator, host)
    return parts._replace(fragment=fragment).geturl() if fragment else parts.geturl()


def find_attached_url(reference: ExportedReference, files: Mapping[UUID, str]) -> str:
    """Return the address of the cited place in a file of the package; blank when it is not there.

    `files` are addresses of entries' files.
    """
    if not (file := files.get(reference.entry_id, "")):
        return ""
    fragment = _build_fragment(reference.locator, "")
    return f"{file}#{fragment}" if fragment else file


def find_youtube_id(address: str) -> str:
    """Return the id of a video at YouTube; blank for every other address."""
    parts = _split_address(address)
    if parts is None or not _QUERY_PLAYERS.fullmatch(_get_host(parts)):
        return ""
    found = next((value for name, value in parse_qsl(parts.query) if name == "v"), "")
    pattern = _SHORT_PATH if _get_host(parts).endswith(_SHORT_HOST) else _PLAYER_PATH
    if not found and (path := pattern.fullmatch(parts.path)) is not None:
        found = path["id"]
    return found if _YOUTUBE_ID.fullmatch(found) else ""


def find_file_url(address: str) -> str:
    """Return an address on the web that may be that of a file; blank for pages with a player and for other schemes."""
    parts = _split_address(address)
    if parts is None or any(each.fullmatch(_get_host(parts)) for each in (_QUERY_PLAYERS, _FRAGMENT_PLAYERS)):
        return ""
    return parts.geturl()


def is_vimeo(address: str) -> bool:
    """Tell whether an address is one of Vimeo."""
    parts = _split_address(address)
    return parts is not None and _FRAGMENT_PLAYERS.fullmatch(_get_host(parts)) is not None


def says_end(url: str) -> bool:
    """Tell whether the address of a place in a recording says where the place ends."""
    return re.search(r"#t=[\d.]+,[\d.]+$", url) is not None


@dataclass(frozen=True, kw_only=True)
class PlaceEnd:
    """The end, in a recording, of evidence of the node with a key."""

    key: UUID
    entry_id: UUID
    end_ms: int


def find_place_losses(
    node: ExportedNode,
    snapshot: ExportedSnapshot,
    *,
    with_quotes: bool,
    ends: frozenset[PlaceEnd] = frozenset(),
    files: Mapping[UUID, str] = MappingProxyType({}),
) -> Iterator[ExportLoss]:
    """Yield what a file says less of a node's evidence than the reference does, when it names places and links them.

    `ends` are those that the file says in another way than by an address. `files` are addresses in the package of the
    entries whose files are in it.
    """
    urls = [
        find_attached_url(reference, files) or find_place_url(reference, snapshot.addresses)
        for reference in node.references
    ]
    if not all(urls):
        said = "What has no address on the web, and no file here that a page could lead to, is named without a link."
        yield build_loss(node, "references.link", said)
    if any(
        url
        and (end := reference.locator.end_ms) is not None
        and not says_end(url)
        and PlaceEnd(key=node.row.key, entry_id=reference.entry_id, end_ms=end) not in ends
        for url, reference in zip(urls, node.references, strict=True)
    ):
        yield build_loss(node, "references.end_ms", "The address of such a player says where to begin, and no end.")
    if not with_quotes and any(reference.quote for reference in node.references):
        yield build_loss(node, "references.quote", f"The option `{QUOTES.name}` is off.")


def _split_address(address: str) -> SplitResult | None:
    """Return the parts of an address; None when it is not one on the web (http or https)."""
    try:
        parts = urlsplit(address)
        is_web = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return None
    return parts if is_web else None


def _get_host(parts: SplitResult) -> str:
    return (parts.hostname or "").lower()


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
