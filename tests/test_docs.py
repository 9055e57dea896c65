"""The documentation: every link, path, name, command and page that it mentions is there."""

from __future__ import annotations

import pkgutil
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand
from PIL import Image

from tenants.events.catalogue import EventType
from tests.screenshots import MAX_BYTES

BASE = Path(settings.BASE_DIR)
DOCS = BASE / "docs"
PAGES = [BASE / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")] + sorted(
    DOCS.rglob("*.md")
)
APPS = ("project", "tenants", "llm", "materials", "structures", "tests")

FENCE = re.compile(r"^ *(`{3,}).*?^ *\1`* *$", re.DOTALL | re.MULTILINE)
SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
PICTURE = re.compile(r"!\[([^\]]*)\]\(([^()\s]+)\)")
LINK = re.compile(r"\[[^\]]*\]\(([^()\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(.+?) *#* *$", re.MULTILINE)
REPOSITORY_PATH = re.compile(r"(?:[\w.-]+/)+(?:[\w.-]+\.(?:py|md|yaml|toml))?", re.ASCII)
CLASS_NAME = re.compile(r"([A-Z][A-Za-z]*[a-z][A-Za-z]*)(?:\.[a-z_]+)?", re.ASCII)
DOTTED_NAME = re.compile(rf"(?<![\w/.-])(?:{'|'.join(APPS)})(?:\.[A-Za-z_]\w*)+(?![\w-])", re.ASCII)
COMMAND = re.compile(r"manage\.py +([a-z_]+)((?: +[^\s`|;)#]+)*)")
MAKE_TARGET = re.compile(r"\bmake ([a-z]+)\b")

# What looks like a path of the repository, but is the beginning of keys in the object storage.
KEY_PREFIXES = {"uploads/"}


def strip_fences(text: str) -> str:
    return FENCE.sub("", text)


def list_spans(text: str) -> list[str]:
    """Return what stands between backticks in prose."""
    return [span.strip() for _, span in SPAN.findall(strip_fences(text))]


def list_code(text: str) -> list[str]:
    """Return all code of a page: spans, and blocks with continued lines joined."""
    return list_spans(text) + [found.group().replace("\\\n", " ") for found in FENCE.finditer(text)]


def list_links(text: str) -> list[str]:
    """Return the targets of links that lead to a file or a heading, not to the web."""
    prose = SPAN.sub("", strip_fences(text))
    return [target for target in LINK.findall(prose) if "://" not in target and not target.startswith("mailto:")]


@cache
def list_anchors(page: Path) -> frozenset[str]:
    """Return the anchors of a page's headings, as MkDocs and GitHub both build them."""
    found: set[str] = set()
    for heading in HEADING.findall(strip_fences(page.read_text())):
        words = re.sub(r"[^\w\s-]", "", LINK.sub(lambda link: link.group().split("]")[0], heading)).strip().lower()
        anchor = re.sub(r"\s", "-", words)
        assert anchor == re.sub(r"[-\s]+", "-", words), f"{page.name}: MkDocs and GitHub disagree on {heading!r}"
        assert anchor not in found, f"{page.name}: two headings {heading!r}"
        found.add(anchor)
    return frozenset(found)


def find_broken_links(page: Path) -> Iterator[str]:
    """Yield the links of a page that lead to no file, to no heading, or from the site of docs/ to outside of it."""
    for target in list_links(page.read_text()):
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        leaves_site = page.is_relative_to(DOCS) and not path.is_relative_to(DOCS)
        has_anchor = not anchor or (path.suffix == ".md" and path.is_file() and anchor in list_anchors(path))
        if not path.exists() or leaves_site or not has_anchor:
            yield f"{page.name}: {target}"


def list_command_options(name: str) -> set[str]:
    """Return the options that a management command takes."""
    found = get_commands()[name]
    command = found if isinstance(found, BaseCommand) else load_command_class(found, name)
    return set(command.create_parser("manage.py", name)._option_string_actions)


def list_nav_pages(entry: Any) -> Iterator[str]:
    """Yield the paths of the pages in a part of MkDocs' `nav`."""
    if isinstance(entry, str):
        yield entry
    else:
        for part in entry.values() if isinstance(entry, dict) else entry:
            yield from list_nav_pages(part)


def test_every_link_leads_to_a_file_and_a_heading() -> None:
    links = [target for page in PAGES for target in list_links(page.read_text())]

    broken = [link for page in PAGES for link in find_broken_links(page)]

    assert len(links) > 50
    assert any("#" in target for target in links)
    assert not broken


@pytest.mark.parametrize("target", ["nothing.md", "page.md#nowhere", "#nowhere", ".#part"])
def test_a_link_to_nothing_is_found(tmp_path: Path, target: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# Part\n\n[this](page.md#part), [that]({target}), `[code](none.md)`\n")

    assert list(find_broken_links(page)) == [f"page.md: {target}"]


def test_every_page_is_in_the_navigation() -> None:
    site = yaml.safe_load((BASE / "mkdocs.yml").read_text())
    pages = list(list_nav_pages(site["nav"]))
    files = {str(path.relative_to(DOCS)) for path in DOCS.rglob("*") if path.is_file() and path.parent.name != "images"}

    assert len(pages) > 50
    assert len(pages) == len(set(pages))
    assert set(pages) == files - set(site["exclude_docs"].split())


def test_every_path_of_the_repository_exists() -> None:
    paths = {
        (page.name, span) for page in PAGES for span in list_spans(page.read_text()) if REPOSITORY_PATH.fullmatch(span)
    }

    missing = {(page, path) for page, path in paths if not (BASE / path).exists()}

    assert len(paths) > 30
    assert {path for _, path in missing} == KEY_PREFIXES


def test_every_dotted_name_can_be_imported() -> None:
    names = {name for page in PAGES for span in list_spans(page.read_text()) for name in DOTTED_NAME.findall(span)}
    names -= set(EventType)

    assert len(names) > 10
    for name in names:
        pkgutil.resolve_name(name)


def test_every_class_that_is_named_exists() -> None:
    pages = [DOCS / "architecture.md", DOCS / "glossary.md", BASE / "CONTRIBUTING.md"]
    names = {
        found[1] for page in pages for span in list_spans(page.read_text()) if (found := CLASS_NAME.fullmatch(span))
    }
    sources = "\n".join(path.read_text() for app in APPS for path in (BASE / app).rglob("*.py"))
    classes = set(re.findall(r"^(?:class )?([A-Z]\w+)(?=[(:\[]| = tuple\[)", sources, re.MULTILINE))

    assert len(names) > 40
    assert not names - classes


def test_the_layout_lists_the_folders_of_the_apps() -> None:
    layout = FENCE.search((DOCS / "architecture.md").read_text())
    assert layout is not None
    listed, parent = set(), ""
    for indent, name in re.findall(r"^( *)(\w+)/ ", layout.group(), re.MULTILINE):
        parent = parent if indent else name
        listed.add(f"{parent}/{name}" if indent else name)

    apps = [app for app in APPS if app != "tests"]
    packages = {f"{app}/{path.parent.name}" for app in apps for path in (BASE / app).glob("*/__init__.py")}
    everywhere = {f"{app}/{name}" for app in apps for name in ("migrations", "management", "admin")}

    assert listed == {*APPS, "config", "templates"} | (packages - everywhere)


def test_the_glossary_is_sorted_and_has_one_row_a_term() -> None:
    rows = re.findall(r"^\| (.+?) \| .+ \| .+ \|$", (DOCS / "glossary.md").read_text(), re.MULTILINE)
    terms = [term.casefold() for term in rows if term not in ("term", "---")]

    assert len(terms) > 50
    assert terms == sorted(set(terms))


def test_every_command_exists_and_takes_its_options() -> None:
    calls = {
        (page.name, name, rest)
        for page in PAGES
        for code in list_code(page.read_text())
        for name, rest in COMMAND.findall(code)
    }
    assert len({name for _, name, _ in calls}) > 15
    for page, name, rest in calls:
        assert name in get_commands(), (page, name)
        options = {word.partition("=")[0] for word in shlex.split(rest) if word.startswith("--")}
        assert options <= list_command_options(name), (page, name, rest)


def test_every_target_of_make_exists() -> None:
    targets = {name for page in PAGES for code in list_code(page.read_text()) for name in MAKE_TARGET.findall(code)}
    makefile = (BASE / "Makefile").read_text()

    assert targets
    assert targets <= set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))


def list_pictures(page: Path) -> list[tuple[str, Path]]:
    """Return the pictures that a page shows, each with the text that stands for it."""
    return [(alt, page.parent / target) for alt, target in PICTURE.findall(strip_fences(page.read_text()))]


def test_the_readme_shows_the_course_page_and_the_admin() -> None:
    assert [path.name for _, path in list_pictures(BASE / "README.md")] == ["course-page.png", "admin.png"]


def test_pictures_are_small_and_say_what_they_show() -> None:
    shown = {path.resolve(): alt for page in PAGES for alt, path in list_pictures(page)}

    assert set((DOCS / "images").iterdir()) == set(shown), "a picture that no page shows, or that is not there"
    for path, alt in shown.items():
        assert len(alt.split()) > 5, path
        assert path.stat().st_size <= MAX_BYTES, "make screenshots"
        with Image.open(path) as picture:
            assert picture.format == "PNG"
            picture.load()  # raises an error for a file that is cut off
            assert picture.width >= 1280
