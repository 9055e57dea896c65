"""Reads of changes of the tree. Each takes a constant number of statements."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.db.models import QuerySet

from materials.queries import get_node
from project.errors import NotFound
from structures.models import AppliedNode, TreeChange
from tenants.models import Tenant


def list_tree_changes(*, tenant: Tenant, node_id: UUID) -> QuerySet[TreeChange]:
    """Return the changes of the tree below a node, newest first, without what they did. Raises NotFound."""
    get_node(tenant=tenant, node_id=node_id)
    rows = TreeChange.objects.for_tenant(tenant).filter(node=node_id).order_by("-created_at", "-id")
    return rows.defer("report", "changes")


def get_tree_change(*, tenant: Tenant, change_id: UUID) -> TreeChange:
    """Return the tenant's change, without what an undo needs. Raises NotFound."""
    try:
        return TreeChange.objects.for_tenant(tenant).defer("changes").get(pk=change_id)
    except TreeChange.DoesNotExist:
        raise NotFound(f"There is no change {change_id} of a tree.") from None


def load_applied_keys(*, tenant: Tenant, node_id: UUID) -> Mapping[UUID, UUID]:
    """Return the keys that material nodes have in structures of `node_id`, by material node. One statement."""
    rows = AppliedNode.objects.filter(tenant=tenant, node=node_id).order_by("change__created_at", "id")
    return dict(rows.values_list("material_node_id", "key"))
