"""Pages of the kinds that teachers link to, as they stand on the web."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from materials.documents import ChunkKind, Document, Format, LeftOutKind, Piece
from materials.readers.base.errors import UnreadableDocument
from materials.readers.html import webpage
from materials.readers.isolation import EXTRACTION_FAILED_WARNING, ReaderLimits, read_fetched_file
from project.settings import BASE_DIR
from tests.materials.web.conftest import PAGE

LONG = "The pressure of the vapour grows with the temperature until it equals the pressure of the air around it. "


def read(tmp_path: Path, page: str | bytes, *, charset: str = "") -> Document:
    path = tmp_path / "page.html"
    path.write_bytes(page if isinstance(page, bytes) else page.encode())
    return webpage.read(path, charset=charset)


def body(inner: str, *, title: str = "A page") -> str:
    return f"<!doctype html><html><head><title>{title}</title></head><body>{inner}</body></html>"


def of_kind(document: Document, kind: ChunkKind) -> list[Piece]:
    return [piece for piece in document.pieces if piece.kind is kind]


def test_the_main_text_keeps_headings_lists_tables_and_code_in_order(tmp_path: Path) -> None:
    document = read(tmp_path, PAGE)

    assert [(piece.kind.value, piece.text.splitlines()[0]) for piece in document.pieces] == [
        ("heading", "Boiling water"),
        ("paragraph", document.pieces[1].text),
        ("heading", "Why it boils"),
        ("paragraph", document.pieces[3].text),
        ("list", "- Heat the water."),
        ("code", "while water.temperature < 100:"),
        ("table", "| Liquid | Boils at |"),
    ]
    (code,) = of_kind(document, ChunkKind.CODE)
    assert (code.text, code.language) == ("while water.temperature < 100:\n    water.heat()", "python")
    assert document.pieces[3].emphasised == ("boiling point",)
    assert (document.title, document.warnings) == ("Boiling water", ())


ANCHORED = [
    ('<h2 id="a">Pressure</h2>', "a"),
    ('<h2><a name="a"></a>Pressure</h2>', "a"),
    ('<h2><span id="a">Pressure</span></h2>', "a"),
    ('<a id="a"></a><h2>Pressure</h2>', "a"),
    ('<section id="a"><h2>Pressure</h2></section>', "a"),
    ('<section id="a"><div><h2>Pressure <a class="headerlink" href="#a">¶</a></h2></div></section>', "a"),
    ('<p id="b">Before it.</p><h2>Pressure</h2>', "top"),
]


@pytest.mark.parametrize(("heading", "fragment"), ANCHORED)
def test_what_stands_below_a_heading_is_cited_by_the_headings_anchor(
    tmp_path: Path, heading: str, fragment: str
) -> None:
    inner = f'<main><h1 id="top">Water</h1><p>{LONG}</p>{heading}<p>{LONG}</p><p id="other">{LONG}</p></main>'

    document = read(tmp_path, body(inner))

    (found,) = [piece for piece in of_kind(document, ChunkKind.HEADING) if piece.level == 2]
    assert (found.text, found.locator.fragment) == ("Pressure", fragment)
    assert document.pieces[-1].locator.fragment == fragment
    assert document.pieces[-1].locator.heading_path == ("Water", "Pressure")


def test_menus_notices_and_comments_are_left_out(tmp_path: Path) -> None:
    inner = f"""
        <div class="topbar"><ul><li><a href="/1">Shop</a></li><li><a href="/2">Contact</a></li></ul></div>
        <div id="cookie-banner"><p>We value your privacy and use cookies.</p></div>
        <article><h1>Water</h1>{"".join(f"<p>{LONG}</p>" for _ in range(6))}</article>
        <div id="comments"><h3>3 comments</h3><p>First! Great article, thanks for it, I liked it a lot.</p></div>
        <footer><p>Copyright of somebody</p></footer>"""

    said = " ".join(piece.text for piece in read(tmp_path, body(inner)).pieces)

    assert said.count("pressure of the vapour") == 6
    for noise in ("Shop", "privacy", "First!", "Copyright"):
        assert noise not in said


def test_listings_in_figures_and_folded_answers_are_kept(tmp_path: Path) -> None:
    inner = f"""<main><h1>Water</h1><p>{LONG}</p>
        <figure class="listing"><pre><code>heat(water)</code></pre><figcaption>Listing 1</figcaption></figure>
        <details><summary>Answer</summary><p>It boils at a hundred degrees when the pressure is normal.</p></details>
        <p>{LONG}</p></main>"""

    said = [piece.text for piece in read(tmp_path, body(inner)).pieces]

    assert "heat(water)" in said
    assert any("hundred degrees" in text for text in said)


def test_formulas_are_kept_as_their_source(tmp_path: Path) -> None:
    inner = f"""<main><h1>Energy</h1><p>{LONG}</p>
        <p>Mass is energy:
        <span class="mwe-math-element"><span style="display: none;"><math alttext="{{E=mc^2}}"><mi>E</mi></math></span>
        <img class="mwe-math-fallback-image-inline" alt="{{E=mc^2}}"></span> as everybody knows by now.</p>
        <p>And power: <span class="katex"><span class="katex-mathml"><math><semantics><mi>P</mi>
        <annotation encoding="application/x-tex">P = UI</annotation></semantics></math></span>
        <span class="katex-html" aria-hidden="true">P=UIP=UI</span></span> in every circuit.</p>
        <p>{LONG}</p></main>"""

    said = " ".join(piece.text for piece in read(tmp_path, body(inner)).pieces)

    assert said.count("${E=mc^2}$") == 1
    assert said.count("$P = UI$") == 1
    assert "P=UIP=UI" not in said


def test_slides_that_look_like_menus_are_read_whole_and_a_warning_says_so(tmp_path: Path) -> None:
    slides = "".join(
        f'<section id="s{n}"><h2>Slide {n}</h2><ul><li>Point {n} a</li><li>Point {n} b</li></ul></section>'
        for n in range(30)
    )
    inner = f'<div class="reveal"><div class="slides">{slides}</div></div>'

    document = read(tmp_path, body(inner))

    assert len(of_kind(document, ChunkKind.HEADING)) == 30
    assert of_kind(document, ChunkKind.LIST)[7].locator.fragment == "s7"


@pytest.mark.parametrize(
    ("page", "code"),
    [
        (b"", "no_text_found"),
        (b"<html></html>", "no_text_found"),
        (body("<nav><a href='/'>Home</a></nav>").encode(), "no_text_found"),
        (
            body("<noscript>You need to enable JavaScript.</noscript><script>run()</script>").encode(),
            "page_needs_javascript",
        ),
        (body("<div id='__next'></div><script src='/a.js'></script>").encode(), "page_needs_javascript"),
        (body("<div>" * 100).encode(), "no_text_found"),
    ],
)
def test_a_page_without_text_is_refused(tmp_path: Path, page: bytes, code: str) -> None:
    with pytest.raises(UnreadableDocument) as refused:
        read(tmp_path, page)

    assert refused.value.code == code
    assert refused.value.next_step


def test_a_page_above_the_limit_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    with path.open("wb") as file:
        file.truncate(30 * 2**20)

    with pytest.raises(UnreadableDocument) as refused:
        webpage.read(path)

    assert refused.value.code == "too_large"


def test_a_large_page_is_read_without_trafilatura(tmp_path: Path) -> None:
    document = read(tmp_path, body(f"<main><h1>Water</h1>{f'<p>{LONG}</p>' * 20_000}</main>"))

    assert document.warnings == (webpage.TOO_LARGE_WARNING,)
    assert len(document.pieces) == 20_001


@pytest.mark.parametrize("tag", ["div", "b", "ul><li", "table><tr><td", "blockquote"])
def test_deep_nesting_does_no_harm(tmp_path: Path, tag: str) -> None:
    page = body(f"<p>{LONG}</p>" + f"<{tag}>" * 3000 + "deep")

    document = read(tmp_path, page)

    assert "vapour" in document.pieces[0].text


def test_a_page_that_takes_too_much_is_read_in_the_plain_way(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(PAGE)

    document = read_fetched_file(path, Format.HTML, limits=ReaderLimits(memory_bytes=60 * 2**20, seconds=60))

    assert document.warnings == (EXTRACTION_FAILED_WARNING,)
    assert len(document.pieces) == 7


def test_reading_a_page_stops_when_it_is_told_to(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(PAGE)

    others = set(psutil.Process().children(recursive=True))

    def stop() -> None:
        for child in set(psutil.Process().children(recursive=True)) - others:
            child.suspend()  # it comes to no end of its own any more
        raise InterruptedError

    with pytest.raises(InterruptedError):
        read_fetched_file(path, Format.HTML, checkpoint=stop)

    assert set(psutil.Process().children(recursive=True)) <= others


def test_the_child_reaches_nobody() -> None:
    script = """
import socket, sys
from materials.readers.html.webpage_child import refuse_network
sys.addaudithook(refuse_network)
for act in (lambda: socket.create_connection(("127.0.0.1", 9)), lambda: socket.getaddrinfo("localhost", 80)):
    try:
        act()
    except PermissionError:
        continue
    sys.exit(1)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=BASE_DIR, check=False)

    assert done.returncode == 0


def test_panels_of_tabs_are_part_of_the_main_text_and_what_is_cut_off_is_counted(tmp_path: Path) -> None:
    text = "<p>A paragraph that explains how the kettle boils water at one hundred degrees, in many words.</p>" * 6
    tabs = (
        '<div class="tabs"><button role="tab" aria-controls="p1">Linux</button><button role="tab" aria-controls="p2">'
    )
    tabs += (
        'Windows</button></div><div role="tabpanel" id="p1">apt</div><div role="tabpanel" id="p2" hidden>winget</div>'
    )
    consent = '<div role="dialog" class="cookie-consent"><div role="tabpanel">We use cookies</div></div>'
    menu = "<nav><a href=a>Start</a> <a href=b>Courses</a></nav>"
    path = tmp_path / "page.html"
    path.write_text(f"<html><body>{menu}{consent}<main><h1>Boil</h1>{text}{tabs}{text}</main></body></html>")

    document = webpage.read(path)

    found = [piece.text for piece in document.pieces]
    assert found[7:11] == ["Linux", "apt", "Windows", "winget"]
    assert document.warnings == ()
    assert [(left.kind, [each.text for each in left.texts]) for left in document.left_out] == [
        (LeftOutKind.NAVIGATION, ["Start Courses", "We use cookies"])
    ]


def test_a_page_of_slides_is_read_as_it_is(tmp_path: Path) -> None:
    slides = "<section><h2>One</h2><p>a</p></section><section data-markdown>## Two</section>"
    path = tmp_path / "page.html"
    path.write_text(f'<html><body><div class="reveal"><div class="slides">{slides}</div></div></body></html>')

    document = webpage.read(path)

    assert [piece.text for piece in document.pieces] == ["One", "a", "Two"]
    assert document.warnings == ()
