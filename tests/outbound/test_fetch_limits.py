"""How much, how long and what the fetcher takes, against servers on this machine that want to give something else."""

from __future__ import annotations

import itertools
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace

import pytest

from project.errors import DomainError
from project.outbound.fetcher import Fetcher
from project.outbound.responses import FetchFailed, FetchLimits, FetchRefused
from tests.fakes.site import Page, Site, answer, drips, head, redirect, silent
from tests.fakes.sockets import HANG_SECONDS, black_hole

LONG = FetchLimits(max_bytes=10**6, seconds=2 * HANG_SECONDS, silence_seconds=2 * HANG_SECONDS)
"""Longer than any server of these tests waits: one that outlasts the limits of a fetch makes it `incomplete`."""

CHUNKED = head(transfer_encoding="chunked")
GZIP = zlib.MAX_WBITS | 16


def gzipped(content: bytes, *, wbits: int = GZIP) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
    return packer.compress(content) + packer.flush()


def fetch(
    page: Page,
    *,
    types: Collection[str] = ("text/html",),
    limits: FetchLimits | None = None,
    checkpoint: Callable[[], None] = lambda: None,
) -> bytes:
    """Return what is fetched of a site that has one page."""
    limits = limits or FetchLimits(max_bytes=1000, seconds=10)
    with Site({"/": page}) as site:
        fetcher = Fetcher(user_agent="x", allowed_hosts=["127.0.0.1"])
        with fetcher.open(site.url("/"), types=types, limits=limits, checkpoint=checkpoint) as fetched:
            return b"".join(fetched.chunks)


def code_of(page: Page, kind: type[DomainError], *, limits: FetchLimits | None = None) -> str:
    with pytest.raises(kind) as raised:
        fetch(page, limits=limits)
    return raised.value.code


def test_it_takes_as_much_as_is_allowed() -> None:
    assert len(fetch(answer(b"x" * 1000))) == 1000


def test_it_refuses_what_says_that_it_is_larger_before_it_reads_it() -> None:
    assert code_of(silent(head(content_length="1001")), FetchRefused) == "too_large"


@pytest.mark.parametrize(
    "page",
    [
        drips(CHUNKED, b"64\r\n" + b"x" * 100 + b"\r\n", every=0.001, times=10_000),
        drips(head(), b"x" * 100, every=0.001, times=10_000),
    ],
    ids=["chunked", "until the connection ends"],
)
def test_it_refuses_what_grows_larger(page: Page) -> None:
    assert code_of(page, FetchRefused) == "too_large"


def test_it_keeps_no_more_in_memory_than_a_piece() -> None:
    size = 64 * 2**20
    page = drips(head(content_length=str(size)), b"x" * 2**20, every=0, times=64)
    with Site({"/": page}) as site:
        fetcher = Fetcher(user_agent="x", allowed_hosts=["127.0.0.1"])
        with fetcher.open(
            site.url("/"), types={"text/html"}, limits=FetchLimits(max_bytes=size, seconds=60)
        ) as fetched:
            tracemalloc.start()
            taken = sum(len(piece) for piece in fetched.chunks)
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()

    assert taken == size
    assert peak < 2 * 2**20


@pytest.mark.parametrize(("encoding", "wbits"), [("gzip", GZIP), ("x-gzip", GZIP), ("deflate", zlib.MAX_WBITS)])
def test_it_unpacks_what_was_packed_unasked(encoding: str, wbits: int) -> None:
    content = bytes(range(256)) * 3

    assert fetch(answer(gzipped(content, wbits=wbits), content_encoding=encoding)) == content


def test_it_unpacks_all_members_of_a_gzip() -> None:
    assert fetch(answer(gzipped(b"water ") + gzipped(b"boils"), content_encoding="gzip")) == b"water boils"


@pytest.mark.parametrize(
    ("start", "piece"),
    [(gzipped(b"")[:10], b"\x00\x00\x00\xff\xff" * 1000), (b"", gzipped(b"") * 100)],
    ids=["empty blocks", "empty members"],
)
def test_what_is_packed_counts_too_even_when_nothing_is_in_it(start: bytes, piece: bytes) -> None:
    page = drips(head(content_encoding="gzip") + start, piece, every=0.001, times=10_000)

    assert code_of(page, FetchRefused) == "too_large"


def test_a_bomb_of_zeros_is_too_large() -> None:
    bomb = gzipped(bytes(50 * 2**20))
    assert len(bomb) < 60_000

    tracemalloc.start()
    code = code_of(answer(bomb, content_encoding="gzip"), FetchRefused, limits=FetchLimits(max_bytes=10**6, seconds=10))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert code == "too_large"
    assert peak < 4 * 2**20


@pytest.mark.parametrize(
    ("page", "code"),
    [
        (answer(gzipped(b"water" * 50)[:-9], content_encoding="gzip"), "incomplete"),
        (answer(gzipped(b"water") + b"more", content_encoding="gzip"), "incomplete"),
        (answer(b"no gzip at all", content_encoding="gzip"), "incomplete"),
        (answer(b"x", content_encoding="br"), "encoding_unknown"),
        (answer(b"x", content_encoding="gzip, gzip"), "encoding_unknown"),
        (head(content_length="100") + b"half", "incomplete"),
        (CHUNKED + b"5\r\nwater\r\n", "incomplete"),
        (CHUNKED + b"zzz\r\n", "incomplete"),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "incomplete"),
        (b"", "incomplete"),
        (b"HTTP/1.1 200 OK\r\n" + b"x-long: " + b"x" * 200_000, "incomplete"),
    ],
    ids=[
        "a gzip that breaks off", "more than a gzip", "no gzip", "brotli", "packed twice", "a length", "chunks",
        "no chunks", "another protocol", "nothing", "a head without end",
    ],
)  # fmt: skip
def test_it_fails_of_what_is_broken(page: Page, code: str) -> None:
    assert code_of(page, FetchFailed) == code


@pytest.mark.parametrize("content_type", ["application/x-msdownload", "text/html2", "", "text/html, text/plain"])
def test_it_refuses_a_type_that_nobody_asked_for(content_type: str) -> None:
    assert code_of(answer(b"x", content_type=content_type), FetchRefused) == "type_unexpected"


@pytest.mark.parametrize(
    "page",
    [
        answer(b"x", content_type="a" * 50_000),
        b"HTTP/1.1 200 OK\r\n" + b"x" * 50_000 + b"\r\n\r\n",
        redirect("http://" + "\xe9" * 5000 + "/"),
    ],
    ids=["a type", "a line that is no header", "where it leads"],
)
def test_a_message_repeats_little_of_what_came_from_outside(page: Page) -> None:
    with pytest.raises(DomainError) as raised:
        fetch(page)

    assert len(str(raised.value)) < 300


@pytest.mark.parametrize("content_type", ["video/mp4", "VIDEO/WebM; codecs=vp9", "audio/mpeg"])
def test_a_family_of_types_can_be_asked_for(content_type: str) -> None:
    assert fetch(answer(b"x", content_type=content_type), types={"video/*", "audio/mpeg"}) == b"x"


@pytest.mark.parametrize("status", [204, 206, 304, 401, 403, 404, 410, 500, 503])
def test_it_fails_of_any_other_status(status: int) -> None:
    with pytest.raises(FetchFailed, match=f"127.0.0.1 answered with status {status}") as failed:
        fetch(head(status=status))

    assert (failed.value.code, failed.value.status) == ("http_status", 502)
    assert failed.value.extra == {"answered": status}
    assert failed.value.next_step


ENDLESS: list[tuple[str, Page]] = [
    ("nothing at all", silent()),
    ("a head that trickles", drips(b"HT", b"T", every=0.1)),
    ("header lines without end", drips(head()[:-2], b"x-wait: 1\r\n", every=0.1)),
    ("go on, go on", drips(b"", b"HTTP/1.1 103 Early\r\n\r\n", every=0.1)),
    ("a body that drips", drips(CHUNKED, b"1\r\n\n\r\n", every=0.1)),
    ("half a body, then silence", silent(head(content_length="100") + b"half")),
]


@pytest.mark.parametrize("page", [row[1] for row in ENDLESS], ids=[row[0] for row in ENDLESS])
def test_it_cuts_off_whatever_takes_longer_than_its_limit(page: Page) -> None:
    assert code_of(page, FetchFailed, limits=replace(LONG, seconds=0.5)) == "timed_out"


def _slowly(chunks: Iterator[bytes]) -> Iterator[int]:
    """Take chunks with a pause after each, so that there is always another to read."""
    for chunk in chunks:
        yield len(chunk)
        time.sleep(0.005)


def test_it_cuts_off_a_body_that_never_pauses() -> None:
    page = drips(head(), b"x" * 65536, every=0, times=5_000)
    with Site({"/": page}) as site:
        fetcher = Fetcher(user_agent="x", allowed_hosts=["127.0.0.1"])
        limits = FetchLimits(max_bytes=10**15, seconds=0.5)
        with (
            pytest.raises(FetchFailed) as failed,
            fetcher.open(site.url("/"), types=["text/html"], limits=limits) as fetched,
        ):
            sum(_slowly(fetched.chunks))

    assert failed.value.code == "timed_out"


@pytest.mark.parametrize("page", [ENDLESS[0][1], ENDLESS[5][1]], ids=[ENDLESS[0][0], ENDLESS[5][0]])
def test_it_does_not_wait_for_ever_for_the_next_byte(page: Page) -> None:
    assert code_of(page, FetchFailed, limits=replace(LONG, silence_seconds=0.5)) == "timed_out"


def test_one_clock_runs_over_all_redirects() -> None:
    page = drips(b"", b"HTTP/1.1 302 Go\r\nlocation: /\r\n\r\n", every=0.2, times=1)

    assert code_of(page, FetchFailed, limits=replace(LONG, seconds=0.5)) == "timed_out"


@pytest.fixture
def slow_names() -> Iterator[Fetcher]:
    """Return a fetcher that is told no name before the test is over, or before HANG_SECONDS are."""
    is_over = threading.Event()

    def resolve(_host: str, _port: int) -> list[str]:
        is_over.wait(HANG_SECONDS)
        return ["127.0.0.1"]

    yield Fetcher(user_agent="x", resolve=resolve)
    is_over.set()


def test_it_does_not_wait_for_a_name_longer_than_its_limit(slow_names: Fetcher) -> None:
    limits = replace(LONG, seconds=0.5)

    with pytest.raises(FetchFailed) as failed, slow_names.open("http://slow.example/", types=(), limits=limits):
        pass

    assert failed.value.code == "timed_out"


def test_a_connection_has_a_limit_of_its_own() -> None:
    fetcher = Fetcher(user_agent="x", allowed_hosts=["127.0.0.1"])
    limits = replace(LONG, connect_seconds=0.5)

    with (
        black_hole() as port,
        pytest.raises(FetchFailed) as failed,
        fetcher.open(f"http://127.0.0.1:{port}/", types=(), limits=limits),
    ):
        pass

    assert failed.value.code == "timed_out"


class Stopped(Exception):
    """Somebody does not want it any more."""


def stop_at_look(number: int) -> Callable[[], None]:
    """Return a checkpoint that raises when it is called for the so-manieth time."""
    looks = itertools.count(1)

    def checkpoint() -> None:
        if next(looks) >= number:
            raise Stopped

    return checkpoint


@pytest.mark.parametrize(
    "page", [*(row[1] for row in ENDLESS), drips(head(), b"x", every=0.01, times=100 * HANG_SECONDS)],
    ids=[*(row[0] for row in ENDLESS), "a body that flows"],
)  # fmt: skip
def test_it_stops_when_it_is_told_to(page: Page) -> None:
    with pytest.raises(Stopped):
        fetch(page, limits=LONG, checkpoint=stop_at_look(3))


def test_it_stops_while_it_waits_for_a_name(slow_names: Fetcher) -> None:
    with (
        pytest.raises(Stopped),
        slow_names.open("http://slow.example/", types=(), limits=LONG, checkpoint=stop_at_look(3)),
    ):
        pass


def test_what_goes_wrong_with_the_reader_is_not_taken_for_the_network() -> None:
    fetcher = Fetcher(user_agent="x", allowed_hosts=["127.0.0.1"])
    limits = FetchLimits(max_bytes=1000, seconds=10)

    with (
        Site({"/": answer(b"x")}) as site,
        pytest.raises(OSError, match="disk full") as raised,
        fetcher.open(site.url("/"), types={"text/html"}, limits=limits),
    ):
        raise OSError("disk full")

    assert not isinstance(raised.value, DomainError)
