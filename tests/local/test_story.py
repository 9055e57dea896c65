"""A course from upload to a revoked link, over HTTP against the product's own processes, and read in Chromium."""

from __future__ import annotations

import io
import json
import re
import shlex
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pptx
import pytest
from django.conf import settings

from tests.browser import run_browser
from tests.process_table import eventually, start

MEDIA = Path(settings.BASE_DIR) / "tests" / "data" / "media"
STEAM = b"""# Steam

**Steam** is water that has become a gas.

**Fog** is water that floats in the air as drops.

## Exercise 1: Watch a kettle

Boil water and write down when you see steam.
"""


class Api:
    """A back end with an API key, as the documentation tells it to ask."""

    def __init__(self, url: str, key: str) -> None:
        self.url, self._key = url, key

    def send(self, method: str, path: str, body: Any = None, *, etag: str = "", status: int | None = None) -> Any:
        """Return the JSON of the answer (None without a body); fails unless it is 2xx, or has the status."""
        data = None if body is None else json.dumps(body).encode()
        return self._send(method, path, data, {"Content-Type": "application/json"}, etag=etag, status=status)[0]

    def edit(self, copy: str, operation: str, **arguments: Any) -> None:
        """Do one edit in the version that is there now."""
        _, etag = self._send("GET", f"working-copies/{copy}")
        self.send("POST", f"working-copies/{copy}/edits", {"operation": operation, "arguments": arguments}, etag=etag)

    def post_version(self, path: str, body: Any = None) -> Any:
        """Change a working copy, `working-copies/{id}/...`, in the version that is there now."""
        _, etag = self._send("GET", "/".join(path.split("/")[:2]))
        return self.send("POST", path, body or {}, etag=etag)

    def upload(self, node: str, name: str, content: bytes) -> str:
        """Upload a file, wait until it is ready, and return the id of its entry."""
        boundary = uuid.uuid4().hex
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        body = head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
        kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        entry = self._send("POST", f"nodes/{node}/entries", body, kind)[0]["id"]

        def is_read() -> bool:
            state = self.send("GET", f"entries/{entry}")["state"]
            assert state != "error", self.send("GET", f"entries/{entry}")
            return bool(state == "ready")

        eventually(is_read, seconds=120, what=f"{name} was not read")
        return str(entry)

    def generate(self, node: str) -> str:
        """Generate a structure and return the id of its snapshot."""
        job = self.send("POST", f"nodes/{node}/generate", {"engine": "outline"})["id"]
        done = eventually(
            lambda: found if (found := self.send("GET", f"jobs/{job}"))["status"] in {"complete", "failed"} else None,
            seconds=120,
            what="the structure was not generated",
        )
        assert done["status"] == "complete", done
        return str(done["result"]["snapshot"])

    def _send(
        self,
        method: str,
        path: str,
        data: bytes | None = None,
        headers: dict[str, str] | None = None,
        *,
        etag: str = "",
        status: int | None = None,
    ) -> tuple[Any, str]:
        url = f"{self.url}/api/v1/{path}"
        request = urllib.request.Request(url, data, {"X-API-Key": self._key}, method=method)  # noqa: S310  # our server
        for name, value in ({"If-Match": etag} | (headers or {})).items():
            if value:
                request.add_header(name, value)
        code, answer, found = open_url(request)
        assert code == status or (status is None and code < 300), f"{method} {path}: {code} {answer!r}"
        return (json.loads(answer) if answer else None), found


def open_url(request: urllib.request.Request | str) -> tuple[int, bytes, str]:
    """Return status, body and ETag of an answer."""
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310  # likewise
            return answer.status, answer.read(), answer.headers.get("ETag", "")
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read(), ""


@pytest.fixture
def api(tmp_path: Path, transactional_db: None) -> Iterator[Api]:
    """Start web server and workers, and return a client with a key of a new tenant."""
    log, folder = tmp_path / "up.log", str(tmp_path / "var")
    process = start("manage.py", "up", "--port", "0", log=log, VAR_DIR=folder)
    eventually(lambda: "Ctrl-C" in log.read_text(), seconds=120, what="it did not come up", log=log)
    found = re.search(r"(http://127\.0\.0\.1:\d+)/api/docs", log.read_text())
    assert found is not None
    made = tmp_path / "key.txt"
    wanted = shlex.split("issue_api_key demo --label story --scope admin --prep-per-minute 999 --check-per-minute 999")
    start("manage.py", *wanted, log=made, VAR_DIR=folder).wait()
    key = re.search(r"cw_live_\w{30,}", made.read_text())
    assert key is not None, made.read_text()
    yield Api(found[1], key[0])
    process.terminate()
    process.wait()


def build_deck(*slides: tuple[str, str]) -> bytes:
    deck, out = pptx.Presentation(), io.BytesIO()
    for title, text in slides:
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text, slide.placeholders[1].text = title, text
    deck.save(out)
    return out.getvalue()


@pytest.mark.slow
def test_a_course_is_generated_edited_regenerated_approved_published_and_shown(api: Api, tmp_path: Path) -> None:
    course = api.send("POST", "nodes", {"title": "Water and Python"})["id"]
    talk = api.send("POST", "nodes", {"title": "Variables", "parent": course})["id"]
    text = api.send("POST", "nodes", {"title": "Steam", "parent": course})["id"]
    api.upload(talk, "lecture.vtt", (MEDIA / "lecture.vtt").read_bytes())
    api.upload(talk, "lecture.mp4", (MEDIA / "lecture.mp4").read_bytes())
    steam = api.upload(text, "1 steam.md", STEAM)
    deck = api.upload(text, "2 ice.pptx", build_deck(("Ice", "Ice is water that has become solid.")))
    first = api.generate(course)

    # Five edits.
    copy = api.send("POST", f"snapshots/{first}/working-copy", {"name": "main"})["id"]
    nodes = {
        (node["node_type"], node["fields"]["title"]): node["key"]
        for node in api.send("GET", f"working-copies/{copy}")["tree"]["nodes"]
    }
    concept, fog, lesson = nodes["concept", "Steam"], nodes["concept", "Fog"], nodes["lesson", "Steam"]
    zeros = str(uuid.UUID(int=0))
    api.edit(copy, "change_field", key=zeros, field="title", value="Water, in short")
    api.edit(copy, "change_field", key=concept, field="description", value="Water as a gas.")
    api.edit(copy, "delete_node", key=fog)
    quote = {"entry": steam, "quote": "water that floats in the air"}
    api.edit(copy, "add_node", node_type="concept", parent=lesson, title="Mist", references=[quote])
    api.edit(copy, "add_note", key=lesson, text="Ask Ada.")

    # The materials change: another deck, and a corrected text.
    api.send("DELETE", f"entries/{deck}")
    api.upload(text, "2 frost.pptx", build_deck(("Frost", "Frost is ice that grows on cold glass.")))
    chunks = api.send("GET", f"entries/{steam}/chunks")["data"]
    chunk = next(each for each in chunks if "become a gas" in each["text"])
    api.send("PATCH", f"chunks/{chunk['id']}", {"text": chunk["text"].replace("a gas", "an invisible gas")})
    stale = api.send("GET", f"nodes/{course}/structure")["materials_changed"]
    assert [each["name"] for each in stale["added"]] == ["2 frost.pptx"]
    assert [each["name"] for each in stale["removed"]] == ["2 ice.pptx"]
    assert [each["name"] for each in stale["corrected"]] == ["1 steam.md"]
    assert any("solid" in each["quote"] for each in stale["lost_references"])

    # Generated anew, the edits go onto it; what both changed is asked.
    second = api.generate(course)
    looked = api.send("POST", f"working-copies/{copy}/rebase?onto=latest&dry_run=true", {})
    rebased = api.post_version(f"working-copies/{copy}/rebase?onto=latest")
    assert looked["conflict_counts"] == rebased["conflict_counts"]
    conflicts = api.send("GET", f"working-copies/{copy}/conflicts")["data"]
    (conflict,) = conflicts
    assert (conflict["key"], conflict["field"], conflict["mine"]) == (concept, "description", "Water as a gas.")
    assert "invisible gas" in conflict["theirs"]
    refused = api.send("POST", f"working-copies/{copy}/approve", {}, etag="*", status=409)
    assert refused["code"] == "conflicts_open"
    api.post_version(f"working-copies/{copy}/conflicts/{conflict['id']}", {"keep": "mine"})
    compared = api.send("GET", f"working-copies/{copy}/differences?from={first}")
    assert {node["title"] for node in compared["added"]} == {"Frost", "Mist"}
    assert {node["title"] for node in compared["removed"]} == {"Fog", "Ice"}

    # Reviewed, approved, published.
    api.post_version(f"working-copies/{copy}/submit", {"reason": "Please look."})
    approved = api.post_version(f"working-copies/{copy}/approve", {"reason": "Good."})["id"]
    api.send("POST", f"snapshots/{approved}/publish", {})
    shown = api.send("GET", f"nodes/{course}/structure")
    assert (shown["id"], shown["title"], shown["materials_changed"]) == (approved, "Water, in short", False)
    assert approved not in {first, second}
    concepts = {
        node["key"]: node["title"]
        for lesson_shown in shown["children"][0]["children"]
        for node in lesson_shown["children"]
        if node["node_type"] == "concept"
    }
    assert (concepts[concept], fog in concepts) == ("Steam", False)
    assert sorted(concepts.values()) == ["Frost", "Function", "Mist", "Steam", "Variable"]

    # A stranger reads the page, hears the cited second, and is shut out again.
    link = api.send("POST", f"nodes/{course}/links", {"label": "Parents"})
    with run_browser(tmp_path / "profile") as browser:
        browser.open(link["url"])
        assert browser.evaluate("document.querySelector('h1').textContent") == "Water, in short"
        # "A function is a block of code with a name." is said from 01:04 on.
        browser.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
        said = "[...document.querySelectorAll('mark')].find((each) => each.textContent.includes('block of code'))"
        browser.wait_until(f"!!{said}")
        player = f"{said}.closest('details').querySelector('video')"
        browser.wait_until(f"{player}.readyState > 0 && Math.abs({player}.currentTime - 64) < 1")
        assert browser.messages == []
    assert open_url(link["url"])[0] == 200
    api.send("DELETE", f"nodes/{course}/links/{link['id']}")
    assert open_url(link["url"])[0] == 410
