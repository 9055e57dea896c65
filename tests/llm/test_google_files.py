"""Recordings on their way to Gemini: the real SDK against a Files API on this machine."""

from __future__ import annotations

import hashlib
import io
import re
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

import pytest

from llm.errors import KeyRefused, ModelUnsuited, PromptInvalid, ProviderBusy, ProviderError
from llm.providers import google_files
from llm.providers.factory import open_provider_files
from llm.providers.google_files import GoogleFiles, RemoteFile, build_file_name
from llm.registry import ProviderKind, ProviderSpec
from tests.fakes.google import GoogleServer
from tests.fakes.google_files import Cut, Fault, GoogleFilesServer, Lose, Stall
from tests.fakes.steps import Fail

CHUNK = 8 * 2**20
WORK = "acme/job/recording"
SMALL = b"a recording " * 1000
LARGE = bytes(range(256)) * (20 * 2**20 // 256)


OPENED: list[GoogleFiles] = []
"""What a test has opened and the fixture `server` closes."""


class Stop(Exception):
    """What a checkpoint raises here."""


@pytest.fixture
def server() -> Iterator[GoogleFilesServer]:
    with GoogleServer(key="google-key") as models, GoogleFilesServer(models) as server:
        yield server
        while OPENED:
            OPENED.pop().close()


def files_of(
    server: GoogleFilesServer, checkpoint: Callable[[], None] = lambda: None, key: str = "google-key"
) -> GoogleFiles:
    spec = ProviderSpec(kind=ProviderKind.GOOGLE, key="TEST_GOOGLE_KEY", connect_seconds=2)
    OPENED.append(GoogleFiles(spec=spec, base_url=server.url, key=key, checkpoint=checkpoint))
    return OPENED[-1]


def put(files: GoogleFiles, content: bytes | BinaryIO = SMALL, *, seconds: float = 30) -> RemoteFile:
    stream = io.BytesIO(content) if isinstance(content, bytes) else content
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    return files.put(WORK, stream, size_bytes=size, media_type="video/mp4", seconds=seconds)


def stops_when(condition: Callable[[], object]) -> Callable[[], None]:
    def checkpoint() -> None:
        if condition():
            raise Stop

    return checkpoint


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("work", ["", WORK, "Ünïcode/ and spaces " * 50])
def test_the_name_of_a_file_is_one_that_the_api_takes(work: str) -> None:
    name = build_file_name(work)

    assert re.fullmatch(r"files/cw-[a-z0-9]{32}", name)
    assert name == build_file_name(work) != build_file_name(work + "x")


def test_it_uploads_in_chunks_of_eight_mebibytes(server: GoogleFilesServer) -> None:
    file = put(files_of(server), LARGE)

    stored = server.files[build_file_name(WORK)]
    assert server.chunks == [(0, CHUNK), (CHUNK, CHUNK), (2 * CHUNK, 4 * 2**20)]
    assert stored.sha256 == digest(LARGE)
    assert file == RemoteFile(name=stored.name, uri=stored.uri, media_type="video/mp4", size_bytes=len(LARGE))


class Trickling(io.BytesIO):
    """Gives less than it is asked for, as a stream from the network may."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(size or 0, 100_000))


def test_it_fills_chunks_from_a_stream_that_trickles(server: GoogleFilesServer) -> None:
    put(files_of(server), Trickling(LARGE))

    assert server.files[build_file_name(WORK)].sha256 == digest(LARGE)


def test_it_never_holds_the_whole_file(server: GoogleFilesServer, tmp_path: Path) -> None:
    path = tmp_path / "sparse.mp4"
    with path.open("wb") as sparse:
        sparse.truncate(64 * 2**20)
    files = files_of(server)

    tracemalloc.start()
    try:
        with path.open("rb") as stream:
            put(files, stream)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert server.files[build_file_name(WORK)].size == 64 * 2**20
    assert peak < 4 * CHUNK


def test_chunks_go_to_the_providers_own_host(server: GoogleFilesServer) -> None:
    server.upload_host = "http://127.0.0.1:9"

    put(files_of(server))

    assert server.files[build_file_name(WORK)].sha256 == digest(SMALL)


def test_a_file_that_is_there_is_used_again(server: GoogleFilesServer) -> None:
    server.store(build_file_name(WORK), content=SMALL, polls=5)

    file = put(files_of(server))

    assert file.uri == server.files[file.name].uri
    assert server.uploads == 0


@pytest.mark.parametrize(
    ("content", "age", "failure"),
    [(b"half", timedelta(0), None), (SMALL, timedelta(hours=47), None), (SMALL, timedelta(0), 3)],
    ids=["another size", "soon to expire", "failed"],
)
def test_a_file_that_cannot_be_used_is_replaced(
    server: GoogleFilesServer, content: bytes, age: timedelta, failure: int | None
) -> None:
    old = server.store(build_file_name(WORK), content=content, age=age, failure=failure)

    put(files_of(server))

    assert server.deleted == [old.name]
    assert server.files[old.name].sha256 == digest(SMALL)
    assert server.files[old.name].state == "ACTIVE"


def test_a_broken_chunk_goes_on_from_where_the_server_has_it(server: GoogleFilesServer) -> None:
    server.chunk_faults.extend([Cut(5 * 2**20), Cut(0)])

    put(files_of(server), LARGE)

    assert server.files[build_file_name(WORK)].sha256 == digest(LARGE)
    assert server.chunks[0] == (5 * 2**20, 3 * 2**20)
    assert server.asked.count("POST query") == 2
    assert server.uploads == 1


@pytest.mark.parametrize("fault", [Fail(503), Lose()], ids=["busy for a moment", "the last answer is lost"])
def test_an_upload_outlives(server: GoogleFilesServer, fault: Fault) -> None:
    server.chunk_faults.append(fault)

    put(files_of(server))

    assert server.files[build_file_name(WORK)].sha256 == digest(SMALL)
    assert server.uploads == 1


def test_a_connection_that_always_breaks_ends_the_upload(
    server: GoogleFilesServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(google_files, "FIRST_PAUSE", 0.01)
    server.chunk_faults.extend([Cut(0)] * 20)

    with pytest.raises(ProviderBusy, match="connection to the provider's files broke"):
        put(files_of(server))

    assert len(server.chunk_faults) == 20 - 1 - google_files.RESUMES


REFUSALS: list[tuple[Fail, type[ProviderError], str]] = [
    (Fail(429, retry_delay="9s"), ProviderBusy, "HTTP 429 RESOURCE_EXHAUSTED"),
    (Fail(403), KeyRefused, "HTTP 403"),
    (Fail(413), ProviderError, "HTTP 413"),
]


@pytest.mark.parametrize(("fault", "error", "said"), REFUSALS)
@pytest.mark.parametrize("where", ["start_faults", "chunk_faults"])
def test_a_refusal_is_told_at_once(
    server: GoogleFilesServer, where: str, fault: Fail, error: type[ProviderError], said: str
) -> None:
    getattr(server, where).append(fault)
    files = files_of(server)

    with pytest.raises(error, match=said) as failed:
        put(files)

    assert failed.value.status == fault.status
    sent = [each for each in server.asked if each != "GET get"]
    assert sent == ["POST start", "POST upload, finalize"][: 1 if where == "start_faults" else 2]
    assert not server.files


def test_a_wrong_key_is_told(server: GoogleFilesServer) -> None:
    with pytest.raises(KeyRefused, match="API_KEY_INVALID"):
        put(files_of(server, key="another"))


def test_it_stops_when_the_time_is_up(server: GoogleFilesServer) -> None:
    server.chunk_faults.append(Stall())

    with pytest.raises(ProviderBusy, match="took no file in time"):
        put(files_of(server), seconds=0.5)

    assert server.ended_stalls == 0


def test_it_stops_while_a_chunk_is_answered(server: GoogleFilesServer) -> None:
    server.chunk_faults.append(Stall())

    with pytest.raises(Stop):
        put(files_of(server, stops_when(lambda: server.chunks)))

    assert server.ended_stalls == 0


def test_it_stops_between_pieces_of_what_is_sent(server: GoogleFilesServer) -> None:
    reads: list[int] = []

    class Counted(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            reads.append(size or 0)
            return super().read(size)

    def checkpoint() -> None:
        if len(reads) >= 3:
            raise Stop

    with pytest.raises(Stop):
        put(files_of(server, checkpoint), Counted(LARGE))

    assert len(reads) == 3
    assert server.chunks == []


def test_it_waits_until_a_file_can_be_shown(server: GoogleFilesServer) -> None:
    server.polls = 1
    files = files_of(server)

    file = files.wait_until_active(put(files), seconds=30)

    assert server.files[file.name].state == "ACTIVE"
    assert server.asked.count("GET get") == 3


@pytest.mark.parametrize(
    ("code", "error", "said"),
    [(3, PromptInvalid, "cannot read the recording"), (13, ProviderBusy, "failed to process")],
)
def test_a_file_that_fails_is_told(server: GoogleFilesServer, code: int, error: type[ProviderError], said: str) -> None:
    server.failure = code
    files = files_of(server)
    file = put(files)

    with pytest.raises(error, match=said):
        files.wait_until_active(file, seconds=30)


def test_it_does_not_wait_for_ever(server: GoogleFilesServer) -> None:
    server.polls = 100
    files = files_of(server)
    file = put(files)

    with pytest.raises(ProviderBusy, match="not processed within 1 s"):
        files.wait_until_active(file, seconds=1)


def test_it_stops_while_it_waits(server: GoogleFilesServer) -> None:
    server.polls = 100
    file = put(files_of(server))
    server.asked.clear()

    with pytest.raises(Stop):
        files_of(server, stops_when(lambda: server.asked)).wait_until_active(file, seconds=60)

    assert server.asked == ["GET get"]


def test_it_deletes_what_is_there_and_what_is_not(server: GoogleFilesServer) -> None:
    files = files_of(server, stops_when(lambda: True))
    server.store(build_file_name(WORK))

    files.delete(build_file_name(WORK))
    files.delete(build_file_name(WORK))

    assert not server.files
    assert server.asked.count("DELETE delete") == 2


def test_it_lists_only_our_own_old_files(server: GoogleFilesServer) -> None:
    server.page_size = 2
    old = [server.store(f"files/cw-old-{number}", age=timedelta(hours=7)).name for number in range(5)]
    server.store("files/cw-young", age=timedelta(hours=5))
    server.store("files/holiday", age=timedelta(hours=40))

    found = files_of(server).list_leftovers(older_than=timedelta(hours=6))

    assert found == old
    assert server.asked.count("GET list") == 4


def test_providers_of_other_kinds_take_no_files() -> None:
    with pytest.raises(ModelUnsuited, match="kind openai takes no files"):
        open_provider_files(ProviderSpec(kind=ProviderKind.OPENAI, key="TEST_OPENAI_KEY"))
