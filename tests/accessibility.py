"""The rules of axe-core, run in the page that a browser shows."""

from __future__ import annotations

import json
from functools import cache
from importlib.metadata import distribution
from typing import Any

from tests.browser import Browser

# Conformance to WCAG 2.2 AA, and what its authors advise beyond it.
_TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


def find_violations(browser: Browser) -> list[str]:
    """Return what axe-core finds wrong with the open page: the rule, how bad it is, and the elements."""
    if not browser.evaluate("'axe' in window"):
        browser.evaluate(f"{_read_axe()}; true")
    options = {"runOnly": {"type": "tag", "values": _TAGS}, "resultTypes": ["violations"]}
    found: dict[str, Any] = browser.evaluate(f"axe.run(document, {json.dumps(options)})")
    assert found["passes"], "axe-core has checked nothing"
    return [
        f"{rule['id']} ({rule['impact']}): {[node['target'] for node in rule['nodes'][:5]]}"
        for rule in found["violations"]
    ]


@cache
def _read_axe() -> str:
    """Return axe-core as its package for Playwright carries it; nothing else of that package is used."""
    file = next(each for each in distribution("axe-playwright-python").files or () if each.name == "axe.min.js")
    return file.read_text(encoding="utf-8")
