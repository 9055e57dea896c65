"""What other programs say inside a message of ours."""

from __future__ import annotations

import pytest

from project.errors import shorten_message


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        ("It is fine.", 20, "It is fine."),
        ("Two\n  lines of it.", 20, "Two lines of it."),
        ("An error happened while trying to locate the files", 30, "An error happened while…"),
        ("An error happened while trying", 25, "An error happened while…"),
        ("Exactly so long", 15, "Exactly so long"),
        ("/a/path/without/any/space/in/it/at/all.bin", 20, "/a/path/without/any…"),
        ("发生错误：无法在缓存中找到该模型的文件", 10, "发生错误：无法在缓…"),
        ("x" * 1_000_000, 200, "x" * 199 + "…"),
    ],
)
def test_a_message_is_cut_after_a_whole_word(text: str, limit: int, shown: str) -> None:
    assert shorten_message(text, limit=limit) == shown
    assert len(shown) <= limit
