"""Budgets and quotas that a tenant sets itself, beside those of the operator: the lower ones hold."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from rest_framework.test import APIClient

from llm.errors import BudgetExceeded
from llm.models import SpendingLimit
from llm.router.budgets import SpendingLimits
from llm.services import set_budget
from materials.models import MaterialNode
from materials.objects.quotas import set_quota
from tenants.models import Tenant
from tenants.own_limits import choose_lower
from tenants.scopes import Scope
from tests.conftest import Api
from tests.tenants.test_commands import run

SetByOperator = Callable[[int | None, int | None], object]


@pytest.fixture
def admin(api: Api, acme: Tenant) -> APIClient:
    return api(acme, Scope.ADMIN)


@pytest.fixture(params=["budget", "quota"])
def limited(request: pytest.FixtureRequest, acme: Tenant) -> tuple[str, str, SetByOperator]:
    """Return the path, the unit and the operator's service of one kind of limits."""
    if request.param == "budget":
        return (
            "/api/v1/budget",
            "usd",
            lambda soft, hard: set_budget(tenant=acme, soft_limit=_dollars(soft), hard_limit=_dollars(hard)),
        )
    return "/api/v1/quota", "bytes", lambda soft, hard: set_quota(tenant=acme, soft_limit=soft, hard_limit=hard)


def _dollars(number: int | None) -> Decimal | None:
    return None if number is None else Decimal(number)


def put(client: APIClient, path: str, unit: str, soft: int | None, hard: int | None) -> Any:
    return client.put(path, {f"soft_limit_{unit}": soft, f"hard_limit_{unit}": hard}, format="json")


def read_limits(answer: Any, unit: str) -> list[tuple[float | None, float | None]]:
    """Return the soft and the hard limit of the tenant, of the operator, and those that hold."""
    said = answer.json()
    pairs = [
        [said[f"{whose}{kind}_limit_{unit}"] for kind in ("soft", "hard")] for whose in ("", "operator_", "lower_")
    ]
    return [(None if soft is None else float(soft), None if hard is None else float(hard)) for soft, hard in pairs]


def test_a_tenant_lowers_its_limits_and_raises_them_again(
    admin: APIClient, limited: tuple[str, str, SetByOperator]
) -> None:
    path, unit, set_by_operator = limited
    nothing = (None, None)
    assert read_limits(admin.get(path), unit) == [nothing, nothing, nothing]
    set_by_operator(50, 100)

    assert read_limits(put(admin, path, unit, 10, 20), unit) == [(10, 20), (50, 100), (10, 20)]
    assert read_limits(put(admin, path, unit, None, 100), unit) == [(None, 100), (50, 100), (50, 100)]
    for soft, hard in ((None, 101), (51, None), (51, 100)):
        refused = put(admin, path, unit, soft, hard)
        assert (refused.status_code, refused.json()["code"]) == (422, "above_operator_limit")
    set_by_operator(None, 60)
    assert read_limits(admin.get(path), unit) == [(None, 100), (None, 60), (None, 60)]
    set_by_operator(None, None)
    assert read_limits(put(admin, path, unit, 1, None), unit) == [(1, None), nothing, (1, None)]
    assert read_limits(put(admin, path, unit, None, None), unit) == [nothing, nothing, nothing]


def test_limits_that_make_no_sense_are_refused(admin: APIClient, limited: tuple[str, str, SetByOperator]) -> None:
    path, unit, _ = limited

    assert put(admin, path, unit, 2, 1).status_code == 422
    assert put(admin, path, unit, -1, None).status_code == 422
    assert put(admin, path, unit, None, 2**63).status_code == 422
    assert admin.put(path, {f"hard_limit_{unit}": 1}, format="json").status_code == 422


def test_calls_of_models_are_refused_by_the_tenants_own_budget(admin: APIClient, acme: Tenant) -> None:
    set_budget(tenant=acme, soft_limit=None, hard_limit=Decimal(100))
    put(admin, "/api/v1/budget", "usd", 1, 2)

    SpendingLimits().check_amount(acme, Decimal(2))
    with pytest.raises(BudgetExceeded) as refused:
        SpendingLimits().check_amount(acme, Decimal("2.01"))

    assert "PUT /api/v1/budget" in refused.value.next_step
    costs = admin.get("/api/v1/costs").json()
    assert (costs["soft_limit_usd"], costs["hard_limit_usd"]) == ("1.00", "2.00")


def test_files_are_refused_by_the_tenants_own_quota(admin: APIClient, acme: Tenant, course: MaterialNode) -> None:
    put(admin, "/api/v1/quota", "bytes", None, 10)
    file = SimpleUploadedFile("a.md", b"# More than ten bytes")
    refused = admin.post(f"/api/v1/nodes/{course.pk}/entries", {"file": file})

    assert (refused.status_code, refused.json()["hard_limit_bytes"]) == (413, 10)
    assert admin.get("/api/v1/usage").json()["hard_limit_bytes"] == 10


def test_commands_show_both_and_change_the_operators(admin: APIClient, acme: Tenant) -> None:
    run("set_budget", "acme", "--soft", "50", "--hard", "100")
    run("set_quota", "acme", "--hard", "100")
    put(admin, "/api/v1/budget", "usd", 5, 10)
    put(admin, "/api/v1/quota", "bytes", 5, 10)

    assert "hard limit $100.00, own soft limit $5.00, own hard limit $10.00" in run(
        "set_budget", "acme", "--soft", "40"
    )
    assert "hard limit 100 bytes, own soft limit 5 bytes, own hard limit 10 bytes" in run(
        "set_quota", "acme", "--soft", "90"
    )
    stored = SpendingLimit.objects.get()
    assert [stored.soft_limit, stored.hard_limit, stored.own_hard_limit] == [Decimal(40), Decimal(100), Decimal(10)]


def test_a_new_limit_is_warned_about_anew(admin: APIClient, acme: Tenant) -> None:
    set_budget(tenant=acme, soft_limit=Decimal(1), hard_limit=None)
    SpendingLimit.objects.update(warned_at=timezone.now())

    put(admin, "/api/v1/budget", "usd", 1, None)

    assert SpendingLimit.objects.get().warned_at is None


def test_no_limit_is_the_highest_one() -> None:
    limits: list[tuple[int | None, int | None]] = [(None, None), (1, None), (None, 2), (3, 2)]
    assert [choose_lower(one, other) for one, other in limits] == [None, 1, 2, 2]
