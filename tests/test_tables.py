"""What every table of ours has."""

from __future__ import annotations

from django.apps import apps
from django.db import models

from project.db.fields import UUIDModel, new_id
from tenants.models import Tenant

APPS = ("tenants", "jobs", "llm", "materials", "structures")
OURS = [model for label in APPS for model in apps.get_app_config(label).get_models()]
# The tenant itself, a process, links between a tenant's jobs, the health and rates of vendors' models, visits to web
# sites, and files that go.
WITHOUT_TENANT = {
    "Tenant", "ClusterHeartbeat", "JobDependency", "Breaker", "ProviderRate", "HostVisit", "ObjectRemoval",
}  # fmt: skip
OPERATORS_TOO = {"ExternalCall"}  # an operator's own question to a model belongs to no tenant


def test_every_table_has_a_uuidv7_key() -> None:
    for model in OURS:
        assert issubclass(model, UUIDModel), model
        assert isinstance(model._meta.pk, models.UUIDField)
    assert new_id().version == 7
    made = [new_id() for _ in range(200)]
    assert made == sorted(made)


def test_every_tenant_owned_table_has_its_own_required_tenant() -> None:
    for model in OURS:
        if model.__name__ in WITHOUT_TENANT:
            continue
        field = model._meta.get_field("tenant")
        assert isinstance(field, models.ForeignKey)
        assert field.related_model is Tenant
        assert not field.null or model.__name__ in OPERATORS_TOO
