from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from materials.sites import check_site_file, find_site_note, read_site_notes

GOOD = """\
sites:
  - name: Example
    hosts: [example.org, example.net]
    note: Needs an account.
  - name: Docs of Example
    hosts: [docs.example.org]
    paths: [/edit/, /view]
    note: Use the export.
"""


def test_the_file_in_the_repository_can_be_used(settings: Settings) -> None:
    assert check_site_file() == []
    for url in ("https://docs.google.com/document/d/1/edit", "https://team.notion.site/x", "https://youtu.be/x"):
        assert find_site_note(url)
    assert find_site_note("https://example.org/") == ""


@pytest.mark.parametrize(
    ("url", "note"),
    [
        ("https://example.org", "Needs an account."),
        ("http://WWW.Example.ORG.:8080/a?b#c", "Needs an account."),
        ("https://a.b.example.net/", "Needs an account."),
        ("https://docs.example.org/edit/1", "Use the export."),
        ("https://x.docs.example.org/view", "Use the export."),
        ("https://docs.example.org/other", "Needs an account."),
        ("https://notexample.org/", ""),
        ("https://example.org.evil.test/", ""),
        ("https://org/", ""),
        ("https://[::1]/", ""),
        ("http://[broken/", ""),
        ("", ""),
    ],
)
def test_the_note_of_the_nearest_host_and_path_counts(tmp_path: Path, url: str, note: str) -> None:
    (tmp_path / "platforms.yaml").write_text(GOOD)

    assert read_site_notes(tmp_path / "platforms.yaml").find_note(url) == note


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (GOOD.replace("name: Example", "nam: Example"), "line 2: sites.0.nam: unknown key"),
        (GOOD.replace("example.net", "https://example.net/"), "line 3: sites.0.hosts.1: a host is a name"),
        (GOOD.replace("example.net", "localhost"), "line 3: sites.0.hosts.1: a host is a name"),
        (GOOD.replace("[/edit/, /view]", "[edit]"), "line 7: sites.1.paths.0: a path begins with /"),
        (GOOD.replace("note: Use the export.", ""), "line 5: sites.1.note: missing"),
        (GOOD.replace("note: Use the export.", "note: ''"), "line 8: sites.1.note: "),
        (GOOD.replace("[docs.example.org]", "[]"), "line 6: sites.1.hosts: "),
        (
            GOOD.replace("docs.example.org", "example.org").replace("[/edit/, /view]", "[/]"),
            "example.org/ is given twice",
        ),
        (GOOD + "  - name: [", "not YAML"),
        ("", "line 1: "),
    ],
)
def test_it_reports_file_line_and_key_of_a_mistake(settings: Settings, tmp_path: Path, content: str, said: str) -> None:
    settings.PLATFORMS_FILE = tmp_path / "platforms.yaml"
    settings.PLATFORMS_FILE.write_text(content)

    faults = [str(error.msg) for error in check_site_file()]

    assert faults
    assert all(fault.startswith("platforms.yaml line ") for fault in faults)
    assert any(said in fault for fault in faults)
    assert find_site_note("https://example.org/") == ""


def test_it_reports_a_file_that_is_not_there(settings: Settings, tmp_path: Path) -> None:
    settings.PLATFORMS_FILE = tmp_path / "nothing.yaml"

    assert [error.id for error in check_site_file()] == ["materials.E002"]
