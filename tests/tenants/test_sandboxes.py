"""Sandboxes: the tenants in which test keys work."""

from __future__ import annotations

import threading
from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection, connections
from rest_framework.test import APIClient

from materials.tree.services import create_node
from tenants import keys, services
from tenants.errors import TenantRefused
from tenants.keys import KeyMode
from tenants.models import ApiKey, Tenant
from tenants.scopes import Scope
from tests.conftest import Api


def issue(tenant: Tenant, mode: KeyMode | None = KeyMode.TEST) -> services.IssuedKey:
    return services.issue_api_key(tenant=tenant, label="test", scopes=[Scope.PREP], mode=mode)


def test_the_first_test_key_makes_the_sandbox_and_others_share_it(acme: Tenant, rival: Tenant) -> None:
    first, second, other = issue(acme), issue(acme), issue(rival)

    sandbox = first.key.tenant
    assert (sandbox.slug, sandbox.name, sandbox.sandbox_of) == ("acme-sandbox", "Acme (sandbox)", acme)
    assert second.key.tenant == sandbox
    assert other.key.tenant.sandbox_of == rival
    assert first.secret.startswith("cw_test_")
    assert issue(acme, None).key.tenant == acme


def test_a_sandbox_has_test_keys_only(acme: Tenant) -> None:
    sandbox = services.ensure_sandbox(tenant=acme)

    issued = issue(sandbox, None)
    rotated = services.rotate_api_key(key=issued.key, overlap=timedelta(0))

    assert {issued.key.tenant, rotated.key.tenant, issue(sandbox).key.tenant} == {sandbox}
    assert keys.get_mode(rotated.secret) is KeyMode.TEST
    with pytest.raises(TenantRefused, match="test keys only"):
        issue(sandbox, KeyMode.LIVE)


def test_a_slug_that_is_taken_does_not_matter(acme: Tenant) -> None:
    taken = services.create_tenant(slug="acme-sandbox", name="Somebody else")
    long = services.create_tenant(slug="a" * 63, name="b" * 200)

    assert services.ensure_sandbox(tenant=acme).slug.startswith("acme-sandbox-")
    made = services.ensure_sandbox(tenant=long)
    made.full_clean()
    assert Tenant.objects.get(pk=taken.pk).sandbox_of is None


def test_neither_sees_what_is_of_the_other(acme: Tenant, api: Api) -> None:
    sandbox = services.ensure_sandbox(tenant=acme)
    live, test = create_node(tenant=acme, title="Live"), create_node(tenant=sandbox, title="Test")

    for client, own, foreign in ((api(acme), live, test), (api(sandbox), test, live)):
        assert [node["id"] for node in client.get("/api/v1/nodes").json()["data"]] == [str(own.pk)]
        assert client.get(f"/api/v1/nodes/{foreign.pk}").status_code == 404
        assert client.delete(f"/api/v1/nodes/{foreign.pk}").status_code == 404
    assert api(acme).get("/api/v1/me").json()["mode"] == "live"
    assert api(sandbox).get("/api/v1/me").json()["mode"] == "test"


def test_a_key_of_the_wrong_mode_opens_nothing(acme: Tenant) -> None:
    test, live = issue(acme), issue(acme, KeyMode.LIVE)
    sandbox = test.key.tenant
    ApiKey.objects.filter(pk=test.key.pk).update(tenant=acme)
    ApiKey.objects.filter(pk=live.key.pk).update(tenant=sandbox)

    for secret in (test.secret, live.secret):
        answer = APIClient(headers={"X-API-Key": secret}).get("/api/v1/nodes")
        assert (answer.status_code, answer.json()["code"]) == (401, "key_revoked")


def test_a_sandbox_is_suspended_with_its_tenant(acme: Tenant, rival: Tenant, api: Api) -> None:
    sandbox = services.ensure_sandbox(tenant=acme)
    client, other = api(sandbox), api(services.ensure_sandbox(tenant=rival))

    services.suspend_tenant(tenant=acme)
    assert client.get("/api/v1/me").json()["code"] == "tenant_suspended"
    assert other.get("/api/v1/me").status_code == 200

    services.resume_tenant(tenant=acme)
    assert client.get("/api/v1/me").status_code == 200
    services.suspend_tenant(tenant=sandbox)
    assert api(acme).get("/api/v1/me").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_two_first_keys_at_once_make_one_sandbox(acme: Tenant) -> None:
    start, made = threading.Barrier(2), list[Tenant]()

    def work() -> None:
        try:
            start.wait()
            made.append(issue(acme).key.tenant)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(made) == 2
    assert len(set(made)) == 1


def test_test_keys_of_before_are_revoked_and_live_ones_are_not(acme: Tenant) -> None:
    test, live = issue(acme).key, issue(acme, KeyMode.LIVE).key
    ApiKey.objects.filter(pk=test.pk).update(tenant=acme)

    migration = import_module("tenants.migrations.0011_sandboxes")
    migration.revoke_test_keys(apps, connection.schema_editor())

    test.refresh_from_db()
    live.refresh_from_db()
    assert test.revoked_at is not None
    assert live.revoked_at is None


def test_the_command_issues_a_test_key(acme: Tenant, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("issue_api_key", "acme", "--label", "tests", "--scope", "prep", "--mode", "test")

    said = capsys.readouterr()
    assert said.out.startswith("cw_test_")
    assert "for acme-sandbox" in said.err
