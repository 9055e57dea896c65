"""What one key may do that another may not: no key makes or manages another that may do more than itself."""

from __future__ import annotations

from tenants.collections import has_node
from tenants.errors import BeyondOwnPowers
from tenants.models import ApiKey
from tenants.networks import covers_network, parse_networks
from tenants.permissions import has_scope
from tenants.scopes import Scope


def require_no_more(own: ApiKey, other: ApiKey) -> None:
    """Raise BeyondOwnPowers, which names the fields, when the other key may do more than one's own."""
    if beyond := list_excesses(own, other):
        raise BeyondOwnPowers(
            f"That key may do more than yours: {', '.join(beyond)}.",
            next_step="Ask for no more than your key has (GET /api/v1/me), or use a key that has as much.",
            extra={"fields": beyond},
        )


def list_excesses(own: ApiKey, other: ApiKey) -> list[str]:
    """Return the fields in which the other key goes beyond one's own. At most one statement."""
    exceeds = {
        "scopes": not all(has_scope(own, Scope(scope)) for scope in other.scopes),
        "expires_at": own.expires_at is not None and (other.expires_at is None or other.expires_at > own.expires_at),
        "prep_per_minute": other.prep_per_minute > own.prep_per_minute,
        "check_per_minute": other.check_per_minute > own.check_per_minute,
        "node": own.node_id is not None and not _is_inside(own, other),
        "networks": bool(own.networks) and not _is_covered(own, other),
    }
    return [field for field, is_exceeded in exceeds.items() if is_exceeded]


def _is_inside(own: ApiKey, other: ApiKey) -> bool:
    if other.node_id is None or other.node_id == own.node_id:
        return other.node_id is not None
    return has_node(own.tenant, other.node_id, below=own.node_id)


def _is_covered(own: ApiKey, other: ApiKey) -> bool:
    outer = parse_networks(own.networks)
    inner = parse_networks(other.networks)
    return bool(inner) and all(any(covers_network(each, network) for each in outer) for network in inner)
