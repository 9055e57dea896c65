"""The networks that a key may be used from."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_network

from django.http import HttpRequest

from tenants.errors import ClientRefused
from tenants.models import ApiKey
from tenants.rate_limits import parse_client_ip

Network = IPv4Network | IPv6Network


def parse_networks(texts: Iterable[str]) -> list[Network]:
    """Return networks from texts such as `10.0.0.0/8` and single addresses. Raises ValueError."""
    return [ip_network(text.strip()) for text in texts]


def covers_network(outer: Network, inner: Network) -> bool:
    """Tell whether all addresses of a network are in the other one."""
    # Networks of different versions cannot be compared.
    return outer.version == inner.version and inner.subnet_of(outer)  # type: ignore[arg-type]


def check_client(request: HttpRequest, key: ApiKey) -> None:
    """Raise ClientRefused when the key is restricted to networks and the client IP is in none of them."""
    if not key.networks:
        return
    client = parse_client_ip(request)
    if client is None or not any(client in network for network in parse_networks(key.networks)):
        raise ClientRefused("This key may not be used from this client IP.")
