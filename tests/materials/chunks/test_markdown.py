from __future__ import annotations

from typing import Any

import pytest
import yaml
from markdown_it import MarkdownIt

from materials.chunks.markdown import escape_lines, escape_markdown, escape_paragraph
from materials.models import Chunk, MaterialNode
from tenants.models import Tenant
from tests.conftest import Api, drain, upload

TEXT = r"""# Loops & \<lists>

A *loop* costs $a_1 * n$ and 2 * 3 * 4 [more](https://example.org).

- first
  1. inner_item
- second

| name | cost |
| ---- | ---- |
| a\|b | 2*3  |

```python
print("```")
```
"""


LOOKS_LIKE_MARKUP = """<p>- no list</p><p>+ no list</p><p>* no list</p><p>1. no list</p><p>2024) no list</p><p>-</p>
<p>- - -</p><p>---</p><p># no heading</p><p>&gt; no quotation</p><p>-5 and 1.5 and 3.</p><p>&amp;lt; is &amp;#60;</p>
<h2>1. A heading</h2><ul><li>1. is no list<ol><li>- nor is this</ol></li><li>but this is</ul>"""


def download(api: Api, tenant: Tenant, entry: dict[str, Any]) -> str:
    answer: Any = api(tenant).get(f"/api/v1/entries/{entry['id']}/markdown")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/markdown; charset=utf-8"
    text: str = b"".join(answer.streaming_content).decode()
    return text


def test_a_speaker_of_a_transcript_is_named_where_the_speaker_changes(
    api: Api, acme: Tenant, course: MaterialNode
) -> None:
    said = [("Ann", "Water."), ("Ann", "Then ice."), ("Bob", "Why?")]
    cues = (f"00:{at * 20:02}.000 --> 00:{at * 20 + 2:02}.000\n<v {who}>{what}" for at, (who, what) in enumerate(said))
    entry = upload(api(acme), course.pk, "talk.vtt", "\n\n".join(["WEBVTT", *cues]).encode())
    drain()

    assert download(api, acme, entry).split("---")[2].split("\n\n")[1:] == [
        "**Ann:**", "**00:00** Water.", "**00:20** Then ice.", "**Bob:**", "**00:40** Why?\n",
    ]  # fmt: skip


def test_what_is_downloaded_reads_as_what_was_uploaded(api: Api, acme: Tenant, course: MaterialNode) -> None:
    first = upload(api(acme), course.pk, "loops.md", TEXT.encode())
    drain()
    text = download(api, acme, first)

    again = upload(api(acme), course.pk, "again.md", text.encode())

    drain()
    read = [
        list(Chunk.objects.filter(entry=entry["id"]).order_by("position").values_list("kind", "level", "text"))
        for entry in (first, again)
    ]
    assert read[0] == read[1]
    assert yaml.safe_load(text.split("---")[1]) == {"source": "loops.md", "title": "Loops & <lists>"}


def test_text_that_looks_like_markup_stays_text(api: Api, acme: Tenant, course: MaterialNode) -> None:
    first = upload(api(acme), course.pk, "marks.html", LOOKS_LIKE_MARKUP.encode())
    drain()

    again = upload(api(acme), course.pk, "again.md", download(api, acme, first).encode())

    drain()
    read = [
        list(Chunk.objects.filter(entry=entry["id"]).order_by("position").values_list("kind", "text"))
        for entry in (first, again)
    ]
    assert read[0] == read[1]
    assert [kind for kind, _ in read[0]] == ["paragraph"] * 12 + ["heading", "list"]


def test_its_name_is_that_of_the_source(api: Api, acme: Tenant, course: MaterialNode) -> None:
    entry = upload(api(acme), course.pk, "Цикли.srt", b"1\n00:01:05,000 --> 00:01:09,000\nHello there.\n")
    drain()

    answer: Any = api(acme).get(f"/api/v1/entries/{entry['id']}/markdown")

    assert answer["Content-Disposition"] == "attachment; filename*=utf-8''%D0%A6%D0%B8%D0%BA%D0%BB%D0%B8.md"
    assert "\n**01:05** Hello there.\n" in b"".join(answer.streaming_content).decode()


def test_an_entry_without_text_has_a_beginning_only(api: Api, acme: Tenant, course: MaterialNode) -> None:
    entry = upload(api(acme), course.pk, 'a "quoted" \\ name.md', b"# Not ingested yet\n")

    assert yaml.safe_load(download(api, acme, entry).split("---")[1]) == {"source": entry["name"]}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("# 1 * [x](y)", r"\# 1 \* \[x\](y)"),
        ("costs $a_1 * b$, not $5 or 6_7", r"costs $a_1 * b$, not $5 or 6\_7"),
        ("two\nlines", "two lines"),
        ("R&D &amp; Q&A", r"R&D \&amp; Q&A"),
    ],
)
def test_markup_is_made_plain_but_not_in_formulas(text: str, shown: str) -> None:
    assert escape_markdown(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("- 5 degrees", r"\- 5 degrees"),
        ("+ 5", r"\+ 5"),
        ("1. e4 e5", r"1\. e4 e5"),
        ("12) twelve", r"12\) twelve"),
        ("---", r"\---"),
        ("-5 and 1.5 are numbers", "-5 and 1.5 are numbers"),
        ("2024 was - well", "2024 was - well"),
    ],
)
def test_a_paragraph_stays_one_whatever_it_begins_with(text: str, shown: str) -> None:
    assert escape_paragraph(text) == shown
    assert MarkdownIt().render(shown) == f"<p>{text}</p>\n"


def test_lists_and_tables_keep_their_form() -> None:
    assert escape_lines("- a*b\n  1. c_d\n| x\\|y | *z* |") == "- a\\*b\n  1. c\\_d\n| x\\|y | \\*z\\* |"
