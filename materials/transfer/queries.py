"""Reads of imports."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Count, Sum

from materials.models import (
    ImportItem,
    ItemKind,
    ItemOutcome,
    MaterialImport,
)
from project.errors import NotFound
from tenants.models import Tenant


def get_import(*, tenant: Tenant, import_id: UUID) -> MaterialImport:
    """Return the tenant's import. Raises NotFound."""
    try:
        return MaterialImport.objects.for_tenant(tenant).get(pk=import_id)
    except MaterialImport.DoesNotExist:
        raise NotFound(f"There is no import {import_id}.") from None


def count_import_items(*, tenant: Tenant, batch: MaterialImport) -> dict[str, Any]:
    """Return how many nodes an import made, its files by outcome, and the skipped ones by reason, in one statement."""
    rows = ImportItem.objects.for_tenant(tenant).filter(batch=batch).values_list("kind", "outcome", "code")
    outcomes: dict[str, int] = dict.fromkeys(("taken", "same", "skipped", "waiting"), 0)
    reasons: dict[str, int] = {}
    nodes = 0
    for kind, outcome, code, items, files in rows.annotate(items=Count("pk"), files=Sum("count")).order_by("code"):
        if outcome == ItemOutcome.SKIPPED:
            reasons[code] = reasons.get(code, 0) + files
        if kind == ItemKind.FOLDER and outcome == ItemOutcome.TAKEN:
            nodes += items
        outcomes[outcome] += files
    return {"nodes": nodes, "files": outcomes, "reasons": reasons}
