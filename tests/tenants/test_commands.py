from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from rest_framework.test import APIClient

from materials.models import MaterialNode
from tenants.models import ApiKey, Tenant


def run(command: str, *arguments: str, **options: Any) -> str:
    out = StringIO()
    call_command(command, *arguments, stdout=out, stderr=StringIO(), **options)
    return out.getvalue().strip()


def test_it_takes_a_tenant_from_nothing_to_a_working_key(db: None) -> None:
    run("create_tenant", "acme", name="Acme Ltd")
    secret = run("issue_api_key", "acme", "--label", "back end", "--scope", "prep", "--expires", "90d")

    assert APIClient(headers={"X-API-Key": secret}).get("/api/v1/me").json()["label"] == "back end"
    assert "acme" in run("list_tenants")
    assert "back end" in run("list_api_keys", "acme")


def test_it_rotates_and_revokes_by_prefix(acme: Tenant) -> None:
    old = run("issue_api_key", "acme", "--label", "x", "--scope", "check")
    new = run("rotate_api_key", old[:16], "--overlap", "1h")
    run("revoke_api_key", old[:16])

    assert APIClient(headers={"X-API-Key": old}).get("/api/v1/me").status_code == 401
    assert APIClient(headers={"X-API-Key": new}).get("/api/v1/me").status_code == 200


def test_it_suspends_and_resumes(acme: Tenant) -> None:
    run("suspend_tenant", "acme")
    assert not Tenant.objects.get(slug="acme").is_active

    run("resume_tenant", "acme")
    assert Tenant.objects.get(slug="acme").is_active


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["issue_api_key", "nobody", "--label", "x", "--scope", "prep"], "create_tenant"),
        (["create_tenant", "no spaces"], "letters"),
        (["revoke_api_key", "cw_live_unknown"], "list_api_keys"),
        (["revoke_api_key", "x" * 36], "list_api_keys"),
    ],
)
def test_it_says_what_to_type_instead(db: None, arguments: list[str], hint: str) -> None:
    with pytest.raises(CommandError, match=hint):
        run(*arguments)


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["--prep-per-minute", "0"], "at least 1"),
        (["--label", "x" * 101], "label"),
        (["--expires", "0d"], "future"),
        (["--expires", "soon"], "90d"),
        (["--node", "0192f0c1-7d3e-7a3b-9d57-3b1f0a3f7c11"], "no course node"),
        (["--network", "10.0.0.1/8"], "host bits"),
    ],
)
def test_it_issues_no_key_that_could_not_work(acme: Tenant, arguments: list[str], hint: str) -> None:
    with pytest.raises(CommandError, match=hint):
        run("issue_api_key", "acme", "--label", "x", "--scope", "prep", *arguments)


def test_it_restricts_a_key_and_lists_it_so(acme: Tenant, course: MaterialNode) -> None:
    restricted = ["--scope", "check", "--node", str(course.pk), "--network", "192.0.2.0/24", "--network", "::1"]
    run("issue_api_key", "acme", "--label", "x", *restricted)

    assert run("list_api_keys", "acme").endswith(f"x  node {course.pk}  from 192.0.2.0/24,::1/128")


def test_it_revokes_a_leaked_key_and_repeats_none(acme: Tenant) -> None:
    leaked = run("issue_api_key", "acme", "--label", "x", "--scope", "check")

    run("revoke_api_key", leaked)

    assert ApiKey.objects.get().revoked_at is not None
    ApiKey.objects.all().delete()
    with pytest.raises(CommandError) as refused:
        run("revoke_api_key", leaked)
    assert leaked not in str(refused.value)


def test_it_counts_the_keys_that_work(acme: Tenant) -> None:
    for _ in range(2):
        run("issue_api_key", "acme", "--label", "x", "--scope", "check", "--expires", "90d")
    assert "2 working keys" in run("list_tenants")

    ApiKey.objects.update(expires_at=timezone.now())

    assert "0 working keys" in run("list_tenants")
    assert run("list_api_keys", "acme").count("expired") == 2


def test_it_asks_for_the_id_when_two_keys_are_shown_alike(acme: Tenant) -> None:
    for _ in range(2):
        run("issue_api_key", "acme", "--label", "x", "--scope", "check")
    ApiKey.objects.update(prefix="cw_live_Aa1Bb2Cc")

    with pytest.raises(CommandError, match="id"):
        run("revoke_api_key", "cw_live_Aa1Bb2Cc")
    key = ApiKey.objects.order_by("created_at")[0]
    run("revoke_api_key", str(key.pk))

    assert ApiKey.objects.get(revoked_at=None) != key


@pytest.mark.parametrize("name", ["", "cw_live_"])
def test_it_revokes_nothing_by_half_a_name(acme: Tenant, name: str) -> None:
    run("issue_api_key", "acme", "--label", "x", "--scope", "check")

    with pytest.raises(CommandError, match="no key"):
        run("revoke_api_key", name)

    assert ApiKey.objects.filter(revoked_at=None).exists()
