"""Which IP addresses belong to the public internet. All others are of this host, of a local network, or reserved.

The networks of IANA's special-purpose registries are written out, because `ipaddress.is_global` changed between
releases of Python and counts tunnels into private networks as global.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection

_NOT_PUBLIC_4 = [
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's own services
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
    )
]
# All of IPv6 that is given out for global use so far.
_PUBLIC_6 = ipaddress.IPv6Network("2000::/3")
_NOT_PUBLIC_6 = [
    ipaddress.IPv6Network(network)
    for network in (
        "2001::/23",  # protocols, Teredo among them
        "2001:db8::/32",
        "3fff::/20",
    )
]
# RFC 6052: the last 32 bits are the IPv4 address that a gateway connects to.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def is_public_ip(ip: str) -> bool:
    """Tell whether an IP address, in the form that getaddrinfo returns, belongs to the public internet.

    An IPv6 address that stands for an IPv4 one (mapped, NAT64, 6to4) is judged by that. False for what is no address.
    """
    try:
        parsed = ipaddress.ip_address(ip)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = _extract_ipv4(parsed)
        if inner is None:
            return parsed in _PUBLIC_6 and not any(parsed in network for network in _NOT_PUBLIC_6)
        parsed = inner
    return not any(parsed in network for network in _NOT_PUBLIC_4)


def _extract_ipv4(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour


def is_host_listed(hosts: Collection[str], host: str, port: int) -> bool:
    """Tell whether a list of `name` (any port) and `name:port` has this host. IPv6 addresses are in brackets there."""
    shown = f"[{host}]" if ":" in host else host.lower()
    return any(listed.lower() in {shown, f"{shown}:{port}"} for listed in hosts)


def is_ip_literal(host: str) -> bool:
    """Tell whether a host is an IP address and not a name, in any of the spellings that some resolver accepts.

    Such a spelling ends in a number: 127.0.0.1, 127.1, 2130706433, 0x7f.1.
    """
    last = host.rstrip(".").rpartition(".")[2].lower()
    return ":" in host or last.isdigit() or last.startswith("0x")


def normalize_netloc(netloc: str) -> str:
    """Return a host, with or without its port, in lower case and without the final dot of an absolute name."""
    host, colon, port = netloc.lower().partition(":") if not netloc.startswith("[") else (netloc.lower(), "", "")
    return f"{host.rstrip('.')}{colon}{port}"


def is_canonical_ip(ip: str) -> bool:
    """Tell whether an IP address has the one spelling that all resolvers read alike."""
    try:
        parsed = ipaddress.ip_address(ip)
    except ValueError:
        return False
    return "%" not in ip and (parsed.version == 6 or str(parsed) == ip)
