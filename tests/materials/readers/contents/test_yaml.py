"""Contents files in YAML: MkDocs, Jupyter Book, MyST, Quarto, Hugging Face, The Carpentries, Jekyll and others."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import pytest

from materials.documents import Format
from materials.readers.base.errors import UnreadableDocument
from materials.readers.format_problem import FormatProblem
from materials.readers.formats import detect_format
from materials.readers.registry import read_document
from tests.materials.readers.contents.files import outline, read_contents


def refuse(name: str, content: str | bytes) -> str:
    """Return why a file is not read as contents."""
    data = content.encode() if isinstance(content, str) else content
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "source"
        path.write_bytes(data)
        with pytest.raises(UnreadableDocument) as refused:
            read_document(path, Format.CONTENTS, name=name)
    return str(refused.value)


def test_mkdocs_nav_with_tags_of_programs_anchors_and_numbers_as_titles() -> None:
    found = read_contents(
        "mkdocs.yml",
        """site_name: Океанографія
site_url: !ENV [SITE_URL, "http://localhost"]
docs_dir: ./materials/
theme: {name: material}
markdown_extensions:
  - pymdownx.emoji:
      emoji_generator: !!python/name:material.extensions.emoji.to_svg
nav:
  - index.md
  - 1.10: chapters/one.md
  - Хвилі:
      - waves/index.md
      - Припливи: ./waves/tides%20and%20ebbs.md#start
      - Вправи:
          - waves/ex1.md
          - Розв'язки: waves/solutions.ipynb
  - Yes: yes.md
  - Blog: https://example.org/blog/
  - More: '!include ./other/mkdocs.yml'
  - Empty:
""",
    )

    assert (found.dialect, found.title, found.folders) == ("mkdocs.yml", "Океанографія", ("materials",))
    assert outline(found.items) == [
        "index.md",
        "1.10 -> chapters/one.md",
        ("Хвилі", [
            "waves/index.md",
            "Припливи -> waves/tides and ebbs.md#start",
            ("Вправи", ["waves/ex1.md", "Розв'язки -> waves/solutions.ipynb"]),
        ]),
        "Yes -> yes.md",
        "Blog -> https://example.org/blog/",
        "More -> ./other/mkdocs.yml",
        "Empty",
    ]  # fmt: skip


def test_jupyter_book_parts_chapters_sections_globs_and_addresses() -> None:
    found = read_contents(
        "_toc.yml",
        """format: jb-book
root: intro
options: {numbered: true}
parts:
- caption: Grundlagen
  numbered: true
  chapters:
  - file: basics/start
    title: Der Anfang
    sections:
    - file: basics/more.ipynb
    - url: https://example.org
      title: Draußen
- caption: Vertiefung
  chapters:
  - glob: deep/*
""",
    )

    assert outline(found.items) == [
        "intro",
        ("Grundlagen", [
            ("Der Anfang -> basics/start", ["basics/more.ipynb", "Draußen -> https://example.org"]),
        ]),
        ("Vertiefung", ["deep/*"]),
    ]  # fmt: skip


def test_older_jupyter_books_are_lists_with_headers_or_parts() -> None:
    parts = read_contents(
        "_toc.yml", "- file: intro\n- part: One\n  chapters:\n  - file: a\n    sections: [{file: b}]\n"
    )
    headers = read_contents("_toc.yml", "- url: /intro\n  title: Home\n- header: One\n- file: a\n- file: b\n")

    assert outline(parts.items) == ["intro", ("One", [("a", ["b"])])]
    assert outline(headers.items) == ["Home -> /intro", ("One", ["a", "b"])]


def test_sphinx_external_toc_has_subtrees_and_entries() -> None:
    found = read_contents(
        "_toc.yml",
        "root: index\nsubtrees:\n- caption: A\n  entries:\n  - file: x\n    subtrees:\n    - entries: [{file: y}]\n",
    )

    assert outline(found.items) == ["index", ("A", [("x", ["y"])])]


def test_myst_projects_have_a_toc() -> None:
    found = read_contents(
        "myst.yml",
        """version: 1
project:
  title: Ondas
  toc:
    - file: index.md
    - title: Primeira parte
      children:
        - file: a.md
        - pattern: 'b*.md'
site: {template: book-theme}
""",
    )

    assert (found.dialect, found.title) == ("myst.yml", "Ondas")
    assert outline(found.items) == ["index.md", ("Primeira parte", ["a.md", "b*.md"])]


def test_quarto_books_have_parts_that_may_be_pages_and_appendices() -> None:
    found = read_contents(
        "_quarto.yml",
        """project: {type: book}
lang: fr
book:
  title: "Les marées"
  chapters:
    - index.qmd
    - part: bases.qmd
      chapters: [eau.qmd, {text: Le sel, file: sel.qmd}]
    - part: "Pour aller plus loin"
      chapters:
        - href: https://example.org
          text: Ailleurs
    - references.qmd
  appendices:
    - outils.qmd
language:
  section-title-appendices: "Annexes"
""",
    )

    assert found.title == "Les marées"
    assert outline(found.items) == [
        "index.qmd",
        ("bases.qmd", ["eau.qmd", "Le sel -> sel.qmd"]),
        ("Pour aller plus loin", ["Ailleurs -> https://example.org"]),
        "references.qmd",
        ("Annexes", ["outils.qmd"]),
    ]  # fmt: skip


def test_quarto_websites_have_sidebars_or_a_menu() -> None:
    sidebars = read_contents(
        "_quarto.yml",
        """website:
  title: Agua
  sidebar:
    - id: one
      title: Primera
      contents:
        - section: Ríos
          href: rios/index.qmd
          contents: [rios/a.qmd, "---", {text: Mapa, href: mapa.pdf}]
    - title: Segunda
      contents: auto
    - title: Tercera
      contents: [{auto: "lagos/*"}]
""",
    )
    menu = read_contents(
        "_site.yml",
        "title: R\nnavbar:\n  left:\n    - text: Labs\n      menu:\n        - {text: One, href: lab1.html}\n",
    )

    assert outline(sidebars.items) == [
        ("Primera", [("Ríos -> rios/index.qmd", ["rios/a.qmd", "Mapa -> mapa.pdf"])]),
        ("Tercera", ["lagos/*"]),
    ]  # fmt: skip
    assert outline(menu.items) == [("Labs", ["One -> lab1.html"])]


def test_other_lists_of_pages() -> None:
    hugging_face = read_contents(
        "_toctree.yml", "- title: 0. Setup\n  sections:\n  - local: chapter0/1\n    title: Intro\n    quiz: 1\n"
    )
    bookdown = read_contents("_bookdown.yml", 'book_filename: x\nrmd_files:\n  html: ["index.Rmd", "a.Rmd"]\n')
    carpentries = read_contents(
        "config.yaml", "title: 'R: шлях'\nepisodes:\n- intro.Rmd\n- loops.md\nlearners: [setup.md]\ninstructors:\n"
    )
    jekyll = read_contents("_config.yml", "title: T\nepisode_order:\n  - intro\n  - end\nextras_order: [ref]\n")
    collection = read_contents("_config.yml", "title: T\ncollections:\n  weeks:\n    order: [b.md, a.md]\n")
    docfx = read_contents(
        "toc.yml", "- name: Start\n  href: start.md\n- name: More\n  items:\n  - {name: A, href: sub/}\n"
    )
    theme = read_contents(
        "navigation.yml", "main:\n- {title: Home, url: /}\ndocs:\n- title: One\n  children:\n  - {title: A, url: /a/}\n"
    )

    assert outline(hugging_face.items) == [("0. Setup", ["Intro -> chapter0/1"])]
    assert outline(bookdown.items) == ["index.Rmd", "a.Rmd"]
    assert (outline(carpentries.items), carpentries.title) == (["episodes/intro.Rmd", "episodes/loops.md"], "R: шлях")
    assert outline(jekyll.items) == ["_episodes/intro", "_episodes/end"]
    assert outline(collection.items) == ["_weeks/b.md", "_weeks/a.md"]
    assert outline(docfx.items) == ["Start -> start.md", ("More", ["A -> sub/"])]
    assert outline(theme.items) == [("One", ["A -> /a/"])]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("mkdocs.yml", "site_name: Water\ntheme: readthedocs\n", "`nav`"),
        ("config.yaml", "server: {port: 80}\n", "`episodes`"),
        ("_config.yml", "title: A blog\ntheme: minima\n", "order of pages"),
        ("_quarto.yml", "project: {type: default}\n", "chapters"),
        ("_toc.yml", "just words\n", "files"),
        ("toc.yml", "a: 1\n", "pages"),
    ],
)
def test_settings_without_contents_are_refused_as_data_with_the_reason(name: str, content: str, expected: str) -> None:
    with pytest.raises(FormatProblem) as refused:
        detect_format(io.BytesIO(content.encode()), name)

    assert refused.value.code == "type_unsupported"
    assert expected in str(refused.value)
    assert "data file" in str(refused.value)


@pytest.mark.parametrize("name", ["settings.yml", "data.json", "ci.yaml"])
def test_other_data_files_are_refused_as_before(name: str) -> None:
    with pytest.raises(FormatProblem, match="a data file, which cannot be read"):
        detect_format(io.BytesIO(b"nav: [a.md]\n"), name)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("mkdocs.yml", "nav:\n - a: [\n", "not valid YAML (line 3)"),
        ("mkdocs.yml", "nav: {}\n", "no `nav`"),
        ("mkdocs.yml", "nav: &a\n - x: *a\n", "contains itself"),
        ("mkdocs.yml", f"nav: {'[' * 100}{']' * 100}\n", "nested too deeply"),
        ("config.yaml", "episodes:\n", "lists no episodes"),
        ("_toc.yml", "root:\nchapters: []\n", "names no files"),
        ("_config.yml", "collections: {posts: {order: }}\n", "lists no episodes"),
    ],
)
def test_what_cannot_be_followed_is_refused_with_the_reason(name: str, content: str, reason: str) -> None:
    assert reason in refuse(name, content)


def test_aliases_that_multiply_are_refused_at_once() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]

    assert "stands for more than" in refuse("mkdocs.yml", "\n".join([*lines, "nav: *a11\n"]))


def test_latin_1_is_read_with_a_warning_and_bytes_are_refused() -> None:
    found = read_contents(
        "mkdocs.yml", "site_name: Über\nnav:\n - Größe: a.md\n - Maße: b.md\n - Füße: c.md\n".encode("cp1252")
    )

    assert found.title == "Über"
    with pytest.raises(FormatProblem):
        detect_format(io.BytesIO(b"nav:" + bytes(range(256)) * 40), "mkdocs.yml")


def test_a_renamed_entry_is_told_by_what_stands_in_it() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "source"
        path.write_text("nav:\n  - A: a.md\n")
        document = read_document(path, Format.CONTENTS, name="Зміст курсу")

    assert document.contents is not None
    assert document.contents.dialect == "mkdocs.yml"
