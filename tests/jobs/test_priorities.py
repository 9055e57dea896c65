from __future__ import annotations

import pytest
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from project.jobs.priorities import get_requested_priority
from project.jobs.queues import IMMEDIATE, NORMAL
from project.jobs.serializers import PrioritySerializer
from tenants.errors import ScopeMissing
from tenants.models import Tenant
from tenants.scopes import Scope
from tenants.services import issue_api_key


def request(tenant: Tenant, *scopes: Scope) -> Request:
    """Return a request of a key with these scopes."""
    key = issue_api_key(tenant=tenant, label="test", scopes=scopes).key
    made = Request(APIRequestFactory().post("/"))
    made.auth = key
    return made


def test_immediate_work_needs_its_own_scope(acme: Tenant) -> None:
    assert get_requested_priority(request(acme, Scope.PREP, Scope.IMMEDIATE), "immediate") == IMMEDIATE
    assert get_requested_priority(request(acme, Scope.PREP), "normal") == NORMAL

    with pytest.raises(ScopeMissing) as refused:
        get_requested_priority(request(acme, Scope.PREP), "immediate")

    assert (refused.value.code, refused.value.status) == ("scope_missing", 403)
    assert "operator" in refused.value.next_step


def test_a_request_says_its_priority_in_words() -> None:
    for body, word in (({}, "normal"), ({"priority": "immediate"}, "immediate")):
        asked = PrioritySerializer(data=body)
        assert asked.is_valid(raise_exception=True)
        assert asked.validated_data["priority"] == word

    with pytest.raises(ValidationError):
        PrioritySerializer(data={"priority": 7}).is_valid(raise_exception=True)
