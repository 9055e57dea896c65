"""A learning platform as SCORM packages see it: their files at an address, in a frame of a page with an `API`."""

from __future__ import annotations

import io
import json
import mimetypes
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.browser import Browser
from tests.fakes.site import Site, answer

# What the run-time environment of SCORM 1.2 (3.4) demands of platforms, as far as lessons use it: an element that is
# unknown, or a value that it does not take, is refused. `window.refused` are elements that this platform lacks.
PLATFORM = """
window.calls = []; window.refused = [];
window.values = {"cmi.core.lesson_status": "not attempted", "cmi.core.lesson_mode": "normal", "cmi.core.score.raw": "",
  "cmi.suspend_data": ""};
const score = (value) => value >= 0 && value <= 100;
const takes = {
  "cmi.core.lesson_status": (value) => ["passed", "completed", "failed", "incomplete", "browsed"].includes(value),
  "cmi.core.score.raw": score, "cmi.core.score.min": score, "cmi.core.score.max": score,
  "cmi.core.exit": (value) => ["time-out", "suspend", "logout", ""].includes(value),
  "cmi.core.session_time": (value) => /^\\d{2,4}:\\d\\d:\\d\\d(\\.\\d{1,2})?$/.test(value),
  "cmi.suspend_data": (value) => value.length <= 4096,
};
let state = "before", error = "0";
const say = (name, given, isRight, code, value = "true") => {
  window.calls.push([name, ...given]);
  error = isRight ? "0" : code;
  return isRight ? value : name === "LMSGetValue" ? "" : "false";
};
window.API = {
  LMSInitialize: (...given) => {
    const isRight = state !== "running" && given[0] === "" && !window.refused.includes("LMSInitialize");
    if (isRight) state = "running";
    return say("LMSInitialize", given, isRight, "101");
  },
  LMSFinish: (...given) => {
    const isRight = state === "running";
    state = "after";
    return say("LMSFinish", given, isRight, "301");
  },
  LMSGetValue: (...given) => say("LMSGetValue", given, state === "running" && given[0] in window.values, "401",
    window.values[given[0]]),
  LMSSetValue: (...given) => {
    const isRight = state === "running" && typeof given[1] === "string" && !window.refused.includes(given[0])
      && Boolean(takes[given[0]]?.(given[1]));
    if (isRight) window.values[given[0]] = given[1];
    return say("LMSSetValue", given, isRight, "405");
  },
  LMSCommit: (...given) => say("LMSCommit", given, state === "running", "301"),
  LMSGetLastError: () => error,
  LMSGetErrorString: (code) => `It is refused by ${code}`,
};
"""


@dataclass
class Player:
    """The page of a platform, with the lesson that it shows in a frame."""

    browser: Browser
    site: Site

    def open(self, path: str, *, host: str = "127.0.0.1") -> None:
        """Show a page of the package, and wait until its script has run."""
        self.browser.evaluate(
            "new Promise((resolve) => { const frame = document.querySelector('iframe'); "
            f"frame.onload = () => resolve(true); frame.src = {json.dumps(self.site.url('/' + path, host=host))}; }})"
        )

    def leave(self) -> None:
        """Show nothing instead of the lesson."""
        self.browser.evaluate(
            "new Promise((resolve) => { const frame = document.querySelector('iframe'); "
            "frame.onload = () => resolve(true); frame.src = 'about:blank'; })"
        )

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression in the lesson."""
        return self.browser.evaluate(f"document.querySelector('iframe').contentWindow.eval({json.dumps(expression)})")

    def wait_until_said(self, text: str) -> None:
        """Wait until the lesson says something of its progress."""
        shown = "document.querySelector('iframe').contentDocument.querySelector('#progress').textContent"
        self.browser.wait_until(f"{shown}.includes({json.dumps(text)})")

    def answer(self, key: object, *choices: int) -> str:
        """Choose and check; return what the page says of it."""
        question = f"document.querySelector('[data-question=\"{key}\"]')"
        self.evaluate(f"for (const each of {question}.querySelectorAll('input')) each.checked = false")
        for choice in choices:
            self.evaluate(f"{question}.querySelectorAll('input')[{choice}].click()")
        self.evaluate(f"{question}.querySelector('button').click()")
        said: str = self.evaluate(f"{question}.querySelector('.result').textContent")
        return said


@contextmanager
def play(
    browser: Browser, content: bytes, *, platform: str = PLATFORM, others: Mapping[str, bytes] | None = None
) -> Iterator[Player]:
    """Serve a package and show the page of a platform; `platform` is its script, `others` further pages of the site."""
    frame = '<iframe style="width: 800px; height: 400px"></iframe>'
    pages = {"/favicon.ico": answer(b""), "/": answer(f"<!DOCTYPE html><script>{platform}</script>{frame}".encode())}
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        for name in package.namelist():
            kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
            pages[f"/{name}"] = answer(package.read(name), content_type=kind)
    with Site({**pages, **(others or {})}) as site:
        browser.open(site.url("/"))
        try:
            yield Player(browser=browser, site=site)
        finally:
            browser.open("about:blank")
