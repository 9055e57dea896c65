"""The course page and its evidence as HTML, with the policy that lets only their own style and script run."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.safestring import SafeString

from structures.course_page.evidence import Evidence
from structures.course_page.sections import CoursePage, build_course_page
from structures.exports.languages import DEFAULT_LABEL_LANGUAGE
from structures.models import StructureSnapshot
from structures.queries import StoredNode

_FOLDER = Path(settings.BASE_DIR) / "templates" / "course_page"
# Trees with more sections begin folded: a list of some screens is read, a longer one is opened where it is needed.
_MAX_OPEN_TREE = 60


@dataclass(frozen=True, kw_only=True)
class PageAssets:
    """The style and the script that stand in each page, and their hashes as a policy names them."""

    style: SafeString
    script: SafeString
    style_source: str
    script_source: str


def render_page_file(snapshot: StructureSnapshot, modules: list[StoredNode], *, shows_edits: bool = False) -> str:
    """Return a snapshot as one HTML file that needs nothing else: quotes and headings stand in it."""
    return _render_page(build_course_page(snapshot, modules, shows_edits=shows_edits), base="", is_file=True)


def render_served_page(
    snapshot: StructureSnapshot, modules: list[StoredNode], *, base: str, shows_edits: bool = False
) -> str:
    """Return a snapshot as a page whose evidence is fetched when it is opened.

    `base` stands before the relative URLs of the evidence. With `shows_edits` it says what people changed.
    """
    return _render_page(build_course_page(snapshot, modules, shows_edits=shows_edits), base=base, is_file=False)


def render_evidence(evidence: Evidence, *, base: str) -> str:
    """Return evidence as a piece of HTML for a page that is open already."""
    with translation.override(evidence.label_language):
        return render_to_string("course_page/passage.html", _build_evidence_context(evidence, base))


def render_evidence_page(evidence: Evidence, *, base: str, course_url: str) -> str:
    """Return evidence as a page of its own, for browsers that run no script."""
    context = {**_build_evidence_context(evidence, base), "course_url": course_url}
    with translation.override(evidence.label_language):
        return render_to_string("course_page/evidence_page.html", {**build_frame(is_file=False), **context})


def build_page_response(html: str, *, is_framed: bool = False) -> HttpResponse:
    """Return the response with a page, under the policy of this module. No cache keeps it.

    `is_framed` lets pages of this server show it inside themselves.
    """
    ancestors, frame_options = ("'self'", "SAMEORIGIN") if is_framed else ("'none'", "DENY")
    return HttpResponse(
        html,
        content_type="text/html; charset=utf-8",
        headers={
            "Cache-Control": "private, no-store",
            "Content-Security-Policy": f"{build_policy(is_file=False)}; frame-ancestors {ancestors}",
            "X-Frame-Options": frame_options,
            "Referrer-Policy": "no-referrer",
            "X-Robots-Tag": "noindex",
        },
    )


def build_policy(*, is_file: bool) -> str:
    """Return the Content-Security-Policy of pages: their own style and script, and of a served page its server."""
    assets = load_assets()
    # `data:` is the icon of the tab, which is empty.
    own = " img-src data:;" if is_file else " connect-src 'self'; img-src 'self' data:; media-src 'self';"
    return (
        f"default-src 'none'; style-src {assets.style_source}; script-src {assets.script_source};{own} "
        "base-uri 'none'; form-action 'none'"
    )


def build_frame(*, is_file: bool) -> Mapping[str, Any]:
    """Return what the templates of all pages need: style, script and policy."""
    return {"assets": load_assets(), "policy": build_policy(is_file=is_file), "is_file": is_file}


@cache
def load_assets() -> PageAssets:
    """Return style and script of the pages, read once per process."""
    style, script = ((_FOLDER / name).read_text(encoding="utf-8") for name in ("style.css", "script.js"))
    return PageAssets(
        style=SafeString(style),
        script=SafeString(script),
        style_source=_compute_source(style),
        script_source=_compute_source(script),
    )


def _render_page(page: CoursePage, *, base: str, is_file: bool) -> str:
    labels = page.label_language
    context = {
        "page": page,
        "snapshot": page.snapshot,
        "base": base,
        # The page says the language of its labels at its top; where that of the course is another, each says so again.
        "label_language": SafeString("" if page.language in {"", labels} else f' lang="{labels}"'),
        "evidence_query": "" if labels == DEFAULT_LABEL_LANGUAGE else f"?language={labels}",
        "is_tree_open": len(page.sections) <= _MAX_OPEN_TREE,
    }
    with translation.override(labels):
        return render_to_string("course_page/page.html", {**build_frame(is_file=is_file), **context})


def _build_evidence_context(evidence: Evidence, base: str) -> dict[str, Any]:
    label_language = SafeString(f' lang="{evidence.label_language}"')
    return {"evidence": evidence, "base": base, "label_language": label_language}


def _compute_source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
