"""Make the pictures of the documentation: `make screenshots`.

A system of its own with the sample course, as `make demo` and `make up` make it, is looked at in headless Chromium.
Nothing of the developer's own data is touched or shown.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image

from project.settings import BASE_DIR
from tests.browser import Browser, run_browser
from tests.process_table import eventually

PICTURES = BASE_DIR / "docs" / "images"
MAX_BYTES = 200_000
"""What a page of documentation should load for one picture."""
_WIDTH, _HEIGHT = 1280, 800
# Fewer colours make smaller files: letters with soft edges in a few hues need hardly more than the least of these.
_COLOURS = (256, 128, 64)


class DemoSystem:
    """A running system with the sample course."""

    def __init__(self, base_url: str, key: str, password: str) -> None:
        self.base_url, self.password, self._key = base_url, password, key
        (self.node,) = [node["id"] for node in self.ask("nodes")["data"]]
        self.snapshot = self.ask(f"nodes/{self.node}/structure")["id"]

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Return the answer of the API to a GET, or to a POST of the body."""
        request = urllib.request.Request(  # noqa: S310  # a server on this machine
            f"{self.base_url}/api/v1/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"X-API-Key": self._key, "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return json.load(answer)

    def find_lesson(self, copy: str) -> str:
        """Return the key of the first lesson of a working copy."""
        nodes = self.ask(f"working-copies/{copy}")["tree"]["nodes"]
        return next(str(node["key"]) for node in nodes if node["node_type"] == "lesson")


def make_screenshots(folder: Path) -> list[Path]:
    """Write the pictures into the folder and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        TemporaryDirectory(prefix="cw-") as home,
        run_demo_system(Path(home)) as system,
        run_browser(Path(home) / "chromium") as browser,
    ):
        browser.resize(_WIDTH, _HEIGHT)
        browser.set_colour_scheme("light")
        _open_course_page(browser, system)
        _hold_still(browser)
        course_page = _save_screenshot(browser, folder / "course-page.png")
        _log_in(browser, system)
        browser.open(f"{system.base_url}/admin/jobs/job/")
        admin = _save_screenshot(browser, folder / "admin.png")
        copy = system.ask(f"snapshots/{system.snapshot}/working-copy", {"name": "Autumn"})["id"]
        browser.open(f"{system.base_url}/admin/courses/{system.node}/")
        _hold_still(browser)
        admin_course = _save_screenshot(browser, folder / "admin-course.png")
        # A lesson, which has fields that are filled, parts inside and evidence.
        browser.open(f"{system.base_url}/admin/courses/copies/{copy}/?node={system.find_lesson(copy)}")
        _hold_still(browser)
        admin_editor = _save_screenshot(browser, folder / "admin-editor.png")
    return [course_page, admin, admin_course, admin_editor]


@contextmanager
def run_demo_system(home: Path) -> Iterator[DemoSystem]:
    """Build the sample course in a database of its own, and run the system while the body runs."""
    environment = {**os.environ, "VAR_DIR": str(home / "var"), "LOG_LEVEL": "WARNING"}
    _manage(environment, "demo")
    key = _manage(environment, "issue_api_key", "demo", "--label", "pictures", "--scope", "admin").strip()
    log = home / "up.log"
    with log.open("wb") as output:
        arguments = [sys.executable, "manage.py", "up", "--port", "0"]
        process = subprocess.Popen(arguments, cwd=BASE_DIR, env=environment, stdout=output, stderr=output)
    try:
        eventually(lambda: b"Ctrl-C stops" in log.read_bytes(), seconds=120, what="the system did not come up", log=log)
        base_url = next(line.split()[1] for line in log.read_text().splitlines() if line.startswith("API "))
        password = (home / "var" / "operator-password").read_text()
        yield DemoSystem(base_url.removesuffix("/api/docs"), key, password)
    finally:
        process.terminate()
        process.wait(timeout=60)


def _manage(environment: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, cwd=BASE_DIR, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def _open_course_page(browser: Browser, system: DemoSystem) -> None:
    """Open the page as a stranger gets it, at the first recording that is cited, with its evidence open."""
    browser.open(system.ask(f"snapshots/{system.snapshot}/links", {"label": "Readers"})["url"])
    browser.evaluate(
        "window.cited = [...document.querySelectorAll('dd details[data-passage]')]"
        ".find((each) => /[.]mp4, /.test(each.textContent)); cited.open = true"
    )
    browser.wait_until("cited.querySelector('video')?.readyState > 1 && !cited.querySelector('video').seeking")
    browser.evaluate("document.documentElement.style.scrollBehavior = 'auto'")
    # Lessons are laid out when they come near, which moves those below: until it stays where it is.
    browser.wait_until(
        "cited.closest('.lesson').scrollIntoView(),"
        "new Promise(requestAnimationFrame).then(() => cited.closest('.lesson').getBoundingClientRect().top < 40)"
    )


def _log_in(browser: Browser, system: DemoSystem) -> None:
    browser.open(f"{system.base_url}/admin/login/?next=/admin/")
    for name, text in (("username", "operator"), ("password", system.password)):
        browser.evaluate(f"document.querySelector('input[name={name}]').focus()")
        browser.send("Input.insertText", text=text)
    browser.evaluate("document.querySelector('input[name=password]').form.submit()")
    browser.wait_until("location.pathname === '/admin/' && document.readyState === 'complete'")


def _hold_still(browser: Browser) -> None:
    """Wait until two pictures in a row are the same: players fade their controls in, and frames load."""
    before = b""
    for _ in range(100):
        now = browser.capture_png()
        if now == before:
            return
        before = now


def _save_screenshot(browser: Browser, file: Path) -> Path:
    """Save what the browser shows with as many colours as fit into MAX_BYTES."""
    with Image.open(BytesIO(browser.capture_png())) as shown:
        picture = shown.convert("RGB")
    for colours in _COLOURS:
        picture.quantize(colours, dither=Image.Dither.NONE).save(file, optimize=True)
        if file.stat().st_size <= MAX_BYTES:
            return file
    raise SystemExit(f"{file.name} has {file.stat().st_size} bytes; at most {MAX_BYTES} are allowed.")


if __name__ == "__main__":
    for made in make_screenshots(PICTURES):
        print(f"{made.relative_to(BASE_DIR)}: {made.stat().st_size:,} bytes")  # noqa: T201
