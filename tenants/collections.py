"""The collections of the API, and how their rows hang on the tree of course materials.

Every address of the API is `/{collection}/{id}/...`. Apps register their collections while they load, which is why
this module knows no models.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django.apps import apps
from django.db.models import F, Q
from django.db.models.expressions import RawSQL
from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet

    from tenants.models import Tenant

BuildCondition = Callable[["Tenant", UUID], Q]


@dataclass(frozen=True, kw_only=True)
class Collection:
    """The rows that addresses of one kind name, and how they hang on material nodes."""

    name: str
    model_name: str
    node_columns: tuple[str, ...]
    subject_column: str
    condition_path: str

    @property
    def model(self) -> type[Model]:
        return apps.get_model(self.model_name)

    def build_condition(self, tenant: Tenant, node_id: UUID) -> Q:
        """Return the condition of the rows at or below the node."""
        if self.condition_path:
            return cast(BuildCondition, import_string(self.condition_path))(tenant, node_id)
        below = import_string(_tree[0])(tenant=tenant, node_id=node_id)
        return Q(**{f"{column}__in": below for column in self.node_columns})

    def select_inside(self, tenant: Tenant, node_id: UUID) -> QuerySet[Any]:
        """Return the tenant's rows at or below the node."""
        rows = self.model._default_manager.filter(tenant=tenant)
        return rows.filter(self.build_condition(tenant, node_id))


_collections: dict[str, Collection] = {}
_tree: list[str] = []


def register_tree(*, select_ids_path: str, filter_ids_path: str) -> None:
    """Register the dotted names of two functions of the tree of materials.

    The first selects the ids of a node and of all below it, the second keeps of some ids of nodes those inside.
    """
    _tree[:] = [select_ids_path, filter_ids_path]


def register_collection(
    name: str,
    *,
    model: str,
    node_columns: tuple[str, ...] = ("node",),
    subject_column: str = "",
    condition_path: str = "",
) -> None:
    """Register what `/{name}/{id}` names. Call it from `AppConfig.ready`.

    `node_columns` lead from a row to its material nodes, all of which must be inside. A row that is about one of
    another collection has its id in `subject_column` instead, and `condition_path` is the dotted name of a function
    that takes a tenant and the id of a node and returns the condition of the rows that are inside, a Q.
    """
    _collections[name] = Collection(
        name=name,
        model_name=model,
        node_columns=() if subject_column else node_columns,
        subject_column=subject_column,
        condition_path=condition_path,
    )


def has_node(tenant: Tenant, node_id: UUID, *, below: UUID | None = None) -> bool:
    """Tell whether the tenant has the course node, at or below another one if that is given."""
    return _collections["nodes"].select_inside(tenant, below or node_id).filter(pk=node_id).exists()


def find_outside(tenant: Tenant, node_id: UUID, ids: AbstractSet[UUID]) -> tuple[set[UUID], set[UUID]]:
    """Return which of the ids are of rows of the tenant in any collection, and which of these lie outside the node.

    Three statements, that look from the rows up the tree: however much is below the node does not matter.
    """
    by_subject = {
        pk: subject
        for each in _collections.values()
        if each.subject_column
        for pk, subject in _select_named(each, tenant, ids).values_list("pk", each.subject_column)
    }
    named = {*ids, *by_subject.values()}
    first, *others = [
        _select_named(each, tenant, named).annotate(place=F(column)).values_list("pk", "place")
        for each in _collections.values()
        for column in each.node_columns
    ]
    places: dict[UUID, set[UUID | None]] = defaultdict(set)
    for pk, place in first.union(*others, all=True):
        places[pk].add(place)
    for pk, subject in by_subject.items():
        places[pk] = places.get(subject, {None})
    nodes = {place for found in places.values() for place in found if place is not None}
    inside = set(import_string(_tree[1])(tenant=tenant, node_id=node_id, ids=nodes))
    return set(places), {pk for pk, found in places.items() if pk in ids and not found <= inside}


def _select_named(collection: Collection, tenant: Tenant, ids: AbstractSet[UUID]) -> QuerySet[Any]:
    named = RawSQL("SELECT unnest(%s::uuid[])", (list(ids),))  # constant SQL, ids as one parameter
    return collection.model._default_manager.filter(tenant=tenant, pk__in=named).order_by()


def find_collection(name: str) -> Collection | None:
    """Return a registered collection, None when there is none of the name."""
    return _collections.get(name)


def list_collections() -> list[Collection]:
    """Return all registered collections."""
    return list(_collections.values())
