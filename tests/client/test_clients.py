"""Both clients over real connections: the same requests, the same answers, the same exceptions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from project.client.coursewright_client import (
    AsyncClient,
    Client,
    FileChanged,
    InputRefused,
    KeyRefused,
    ResourceMissing,
    RetryPolicy,
    ScopeMissing,
    ServerFailed,
    ServerUnreachable,
    StateConflict,
    UnexpectedAnswer,
    UnusableAddress,
    VersionOutdated,
    uploads,
)
from tests.client.scripted_server import ScriptedAnswer, ScriptedServer, run_scripted_server

Call = Callable[[str, str], Any]
QUICK = RetryPolicy(tries=3, first_pause=0.001)
NODE = {"id": "n", "title": "Water"}
PROBLEM = {
    "code": "invalid_input", "detail": "The title is blank.", "next_step": "Write one.", "request_id": "r-1",
    "errors": [{"pointer": "/title", "code": "blank", "detail": "May not be blank."}],
}  # fmt: skip


def call_client(server: ScriptedServer, method: str, *arguments: Any, **named: Any) -> Any:
    with Client(server.url, "cw_live_key", policy=QUICK, use_proxies=False) as client:
        found = getattr(client, method)(*arguments, **named)
        return list(found) if method.startswith("iterate") else found


def call_async_client(server: ScriptedServer, method: str, *arguments: Any, **named: Any) -> Any:
    async def call() -> Any:
        async with AsyncClient(server.url, "cw_live_key", policy=QUICK, use_proxies=False) as client:
            found = getattr(client, method)(*arguments, **named)
            return [item async for item in found] if method.startswith("iterate") else await found

    return asyncio.run(call())


@pytest.fixture(params=[call_client, call_async_client], ids=["sync", "async"])
def call(request: pytest.FixtureRequest) -> Callable[..., Any]:
    found: Callable[..., Any] = request.param
    return found


def test_a_change_is_sent_again_with_the_same_key(call: Callable[..., Any]) -> None:
    broken, answered = ScriptedAnswer(breaks=True), ScriptedAnswer(status=201, body=NODE)
    with run_scripted_server(broken, ScriptedAnswer(status=503, headers={"Retry-After": "0"}), answered) as server:
        made = call(server, "create_node", "Water", language="en")
        call(server, "create_node", "Water")

    assert made == NODE
    keys = [request.headers["idempotency-key"] for request in server.requests]
    assert len(set(keys[:3])) == 1
    assert keys[3] != keys[0]
    assert {request.body for request in server.requests[:3]} == {b'{"title": "Water", "language": "en"}'}
    assert {request.headers["x-api-key"] for request in server.requests} == {"cw_live_key"}


def test_reading_has_no_idempotency_key(call: Callable[..., Any]) -> None:
    with run_scripted_server(ScriptedAnswer(body=NODE)) as server:
        call(server, "get_node", "n")

    assert "idempotency-key" not in server.requests[0].headers
    assert server.requests[0].path == "/api/v1/nodes/n"


def test_lists_are_read_page_by_page(call: Callable[..., Any]) -> None:
    first = ScriptedAnswer(body={"data": [1, 2], "has_more": True, "next_cursor": "a b"})
    last = ScriptedAnswer(body={"data": [3], "has_more": False, "next_cursor": None})
    with run_scripted_server(first, last) as server:
        found = call(server, "iterate_jobs", status="failed", node=None)

    assert found == [1, 2, 3]
    assert [request.path for request in server.requests] == [
        "/api/v1/jobs?limit=200&status=failed", "/api/v1/jobs?limit=200&status=failed&cursor=a+b",
    ]  # fmt: skip


def test_the_next_page_is_not_asked_for_before_it_is_needed() -> None:
    page = ScriptedAnswer(body={"data": [1, 2], "has_more": True, "next_cursor": "c"})
    with run_scripted_server(page) as server, Client(server.url, "k", use_proxies=False) as client:
        items = client.iterate_nodes()
        taken = [next(items), next(items)]

    assert len(taken) == 2
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, KeyRefused), (403, ScopeMissing), (404, ResourceMissing), (409, StateConflict), (412, VersionOutdated),
        (413, InputRefused), (422, InputRefused), (500, ServerFailed),
    ],
)  # fmt: skip
def test_problems_are_exceptions(call: Callable[..., Any], status: int, kind: type[Exception]) -> None:
    problem = ScriptedAnswer(status=status, body={**PROBLEM, "version": '"7"'})
    with run_scripted_server(problem) as server, pytest.raises(kind) as caught:
        call(server, "get_node", "n")

    assert type(caught.value) is kind
    error: Any = caught.value
    assert (error.status, error.code, error.next_step, error.request_id) == (
        status, "invalid_input", "Write one.", "r-1",
    )  # fmt: skip
    assert error.describe() == "The title is blank.\n/title: May not be blank.\nWrite one.\n(request r-1)"
    assert getattr(error, "present_version", '"7"') == '"7"'


def test_an_answer_that_is_no_problem_document_is_still_an_exception(call: Callable[..., Any]) -> None:
    with run_scripted_server(ScriptedAnswer(status=500, body="oops")) as server, pytest.raises(ServerFailed) as caught:
        call(server, "get_me")

    assert str(caught.value) == "The server answered 500."


def test_a_server_that_is_not_there_is_said_with_its_address(call: Callable[..., Any]) -> None:
    gone = ScriptedServer(url="http://127.0.0.1:9", answers=[])

    with pytest.raises(ServerUnreachable, match=r"http://127\.0\.0\.1:9/api/v1/me"):
        call(gone, "get_me")


def test_a_download_is_there_only_when_it_is_whole(call: Callable[..., Any], tmp_path: Path) -> None:
    cut = ScriptedAnswer(body="half", headers={"Content-Length": "600"})
    with run_scripted_server(ScriptedAnswer(body={"url": ""}), cut, cut, ScriptedAnswer(body="whole")) as server:
        server.answers[0].body["url"] = f"{server.url}/file"
        server.answers[1].headers["Connection"] = server.answers[2].headers["Connection"] = "close"
        call(server, "download_export", "e", tmp_path / "course.docx")

    assert (tmp_path / "course.docx").read_text() == '"whole"'
    assert list(tmp_path.iterdir()) == [tmp_path / "course.docx"]
    assert "x-api-key" not in server.requests[1].headers


def test_a_file_that_becomes_shorter_ends_its_upload(call: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "lecture.mp4"
    file.write_bytes(b"x" * 10)
    part = {"number": 1, "size_bytes": 20, "url": "", "headers": {}}
    upload = {"id": "u", "state": "open", "part_bytes": 20, "size_bytes": 20, "arrived": [], "urls": [part]}
    with run_scripted_server(ScriptedAnswer(body=upload)) as server:
        part["url"] = f"{server.url}/part"
        with pytest.raises(FileChanged, match="Send it again"):
            call(server, "upload_file", "n", file, upload="u")


def test_an_upload_whose_answer_was_lost_goes_on(
    call: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "DIRECT_BYTES", 1)
    (tmp_path / "lecture.mp4").write_bytes(b"x" * 10)
    lost = ScriptedAnswer(status=409, body={"code": "answer_lost", "location": "/api/v1/uploads/u-1"})
    sent = {"id": "u-1", "state": "open", "urls": []}
    entry = {"id": "e-1"}
    with run_scripted_server(lost, ScriptedAnswer(body=sent), ScriptedAnswer(status=201, body=entry)) as server:
        made = call(server, "upload_file", "n", tmp_path / "lecture.mp4")

    assert made == entry
    assert [request.path for request in server.requests] == [
        "/api/v1/nodes/n/uploads", "/api/v1/uploads/u-1", "/api/v1/uploads/u-1/complete",
    ]  # fmt: skip


def test_what_is_not_the_api_is_said_to_be_none(call: Callable[..., Any]) -> None:
    moved = ScriptedAnswer(status=301, headers={"Location": "https://courses.example.org/api/v1/me"})
    with run_scripted_server(moved, ScriptedAnswer(body=b"<html>Log in</html>")) as server:
        with pytest.raises(UnexpectedAnswer, match=r"leads to https://courses\.example\.org/api/v1/me"):
            call(server, "get_me")
        with pytest.raises(UnexpectedAnswer, match="answers 200 without JSON"):
            call(server, "get_me")


@pytest.mark.parametrize(
    "url", ["", "courses.example.org", "ftp://x", "http://", "http://a:b", "http://a b", "http://[x"]
)
def test_an_address_that_is_none_is_refused_before_anything_is_sent(url: str) -> None:
    with pytest.raises(UnusableAddress, match=r"https://courses\.example\.org"):
        Client(url, "cw_live_key")


@pytest.mark.parametrize("key", ["cw_live_\u00e9", "cw_live_a\n", "two words"])
def test_a_key_that_is_none_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(UnusableAddress) as caught:
        Client("http://127.0.0.1:9", key)

    assert key not in str(caught.value)


def test_the_key_is_never_shown() -> None:
    client = Client("http://127.0.0.1:9/api/v1/", "cw_live_secret", use_proxies=False)

    shown = repr(client) + str(vars(client.run_steps))

    assert client.base_url == "http://127.0.0.1:9"
    assert "cw_live_secret" not in shown
    client.close()
