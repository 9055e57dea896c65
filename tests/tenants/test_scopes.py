from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from pytest_django import Settings

from tenants.models import ApiKey, Tenant
from tenants.scopes import Scope, check_scopes, read_scopes
from tenants.services import issue_api_key

GOOD = """
scopes:
  prep: {title: Prepare, description: Reads and writes., allows: [read, write], requests_per_minute: 60}
  check: {title: Check, description: Reads., allows: [read], requests_per_minute: 300}
"""
GOOD += "".join(
    f"  {scope}: {{title: T, description: Does it., allows: [{scope}], requests_per_minute: 60}}\n"
    for scope in set(Scope) - {Scope.PREP, Scope.CHECK}
)


def test_the_file_in_the_repository_can_be_used(settings: Settings) -> None:
    covers = read_scopes(settings.SCOPES_FILE).covers_scope

    assert check_scopes() == []
    covered = {
        (held.value, needed.value) for held in Scope for needed in Scope if held != needed if covers(held, needed)
    }
    assert covered == {("prep", "check")} | {("admin", scope.value) for scope in Scope if scope is not Scope.ADMIN}


def test_keys_of_before_the_finer_scopes_can_do_what_they_could(acme: Tenant) -> None:
    migration = import_module("tenants.migrations.0009_keys_keep_what_they_could")
    scopes = (Scope.CHECK, Scope.PREP, Scope.IMMEDIATE)
    keys = [issue_api_key(tenant=acme, label=scope, scopes=[scope]).key for scope in scopes]

    for _ in range(2):
        migration.add_scopes(apps, None)

        for key, added in zip(keys, ([Scope.EXPORT], [Scope.APPROVE, Scope.EXPORT, Scope.GENERATE], []), strict=True):
            held = key.scopes
            key.refresh_from_db()
            assert set(key.scopes) == {*held, *added}

    ApiKey.objects.filter(pk=keys[2].pk).update(scopes=[Scope.ADMIN])
    migration.remove_scopes(apps, None)
    for key, left in zip(keys, (Scope.CHECK, Scope.PREP, Scope.PREP), strict=True):
        key.refresh_from_db()
        assert key.scopes == [left]


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
