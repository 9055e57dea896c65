from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from tenants.scopes import Scope, check_scopes, read_scopes

GOOD = """
scopes:
  prep: {title: Prepare, description: Reads and writes., allows: [read, write], requests_per_minute: 60}
  check: {title: Check, description: Reads., allows: [read], requests_per_minute: 300}
  immediate: {title: Hurry, description: Goes first., allows: [immediate], requests_per_minute: 60}
"""


def test_the_file_in_the_repository_can_be_used(settings: Settings) -> None:
    assert check_scopes() == []
    assert read_scopes(settings.SCOPES_FILE).covers_scope(Scope.PREP, Scope.CHECK)
    assert not read_scopes(settings.SCOPES_FILE).covers_scope(Scope.CHECK, Scope.PREP)
    assert not read_scopes(settings.SCOPES_FILE).covers_scope(Scope.PREP, Scope.IMMEDIATE)
    assert not read_scopes(settings.SCOPES_FILE).covers_scope(Scope.IMMEDIATE, Scope.CHECK)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (GOOD.replace("title: Check", "titel: Check"), "scopes.check.titel"),
        (GOOD.replace("[read, write]", "[fly]"), "scopes.prep.allows"),
        (GOOD.replace("60}", "0}"), "scopes.prep.requests_per_minute"),
        (GOOD.replace("  check:", "  #check:"), "check must be declared"),
        (GOOD + "  root: {}", "scopes.root"),
        ("scopes: [", "cannot be read"),
    ],
)
def test_it_reports_file_and_key_of_a_mistake(settings: Settings, tmp_path: Path, content: str, said: str) -> None:
    settings.SCOPES_FILE = tmp_path / "scopes.yaml"
    settings.SCOPES_FILE.write_text(content)

    faults = [str(error.msg) for error in check_scopes()]

    assert faults
    assert all("scopes.yaml" in fault for fault in faults)
    assert any(said in fault for fault in faults)


def test_it_reports_a_file_that_is_not_there(settings: Settings, tmp_path: Path) -> None:
    settings.SCOPES_FILE = tmp_path / "nothing.yaml"

    assert [error.id for error in check_scopes()] == ["tenants.E002"]
