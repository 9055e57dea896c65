"""How much a sandbox may store."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import Settings

from materials.errors import QuotaExceeded
from materials.models import MaterialNode
from materials.objects.quotas import check_quota, get_quota, set_own_quota, set_quota
from project.errors import DomainError
from tenants.models import Tenant
from tests.conftest import Api

pytestmark = pytest.mark.django_db


def test_a_sandbox_stores_what_the_settings_say(
    api: Api, acme: Tenant, sandbox: Tenant, sandbox_course: MaterialNode, settings: Settings
) -> None:
    settings.SANDBOX_QUOTA_BYTES = 100
    file = {"file": SimpleUploadedFile("notes.md", b"word " * 50)}

    refused = api(sandbox).post(f"/api/v1/nodes/{sandbox_course.pk}/entries", file)

    assert (refused.status_code, refused.json()["code"]) == (413, "quota_exceeded")
    assert check_quota(tenant=acme, size=10**12) == ""
    set_quota(tenant=sandbox, soft_limit=None, hard_limit=10**6)
    assert check_quota(tenant=sandbox, size=10**5) == ""


def test_a_sandbox_cannot_raise_its_quota_by_the_api(sandbox: Tenant, settings: Settings) -> None:
    settings.SANDBOX_QUOTA_BYTES = 100

    with pytest.raises(DomainError):
        set_own_quota(tenant=sandbox, soft_limit=None, hard_limit=101)
    set_own_quota(tenant=sandbox, soft_limit=None, hard_limit=50)

    assert get_quota(tenant=sandbox).hard_limit == 100
    with pytest.raises(QuotaExceeded):
        check_quota(tenant=sandbox, size=51)
