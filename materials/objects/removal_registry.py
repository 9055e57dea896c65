"""Which stored files of the apps above this one go with material nodes: asked of functions known by dotted names."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.module_loading import import_string

if TYPE_CHECKING:  # apps register while they load, before there are models
    from tenants.models import Tenant

_node_objects: list[str] = []


def register_node_objects(function_path: str) -> None:
    """Have a function asked which objects go with material nodes, for apps above this one. Call it from `ready`.

    The function, given by its dotted name, takes `tenant` and `nodes`, and returns the object keys of its rows that are
    deleted with these nodes, in a constant number of statements.
    """
    if function_path not in _node_objects:
        _node_objects.append(function_path)


def list_node_objects(*, tenant: Tenant, nodes: Collection[UUID]) -> list[str]:
    """Return the object keys that the registered functions know of these nodes."""
    return [key for path in _node_objects for key in import_string(path)(tenant=tenant, nodes=nodes)]
