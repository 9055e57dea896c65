"""Which addresses belong to the public internet."""

from __future__ import annotations

import pytest

from project.outbound.public_addresses import is_host_listed, is_public_ip, normalize_netloc

PUBLIC = [
    "8.8.8.8",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "223.255.255.255",
    "2606:4700::1111",
    "2001:200::1",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2002:808:808::1",
]

NOT_PUBLIC = [
    ("0.0.0.1", "this network"),
    ("10.0.0.1", "private"),
    ("172.16.0.1", "private"),
    ("172.31.255.255", "private"),
    ("192.168.1.1", "private"),
    ("127.0.0.1", "loopback"),
    ("127.255.255.254", "loopback"),
    ("169.254.169.254", "metadata"),
    ("100.100.100.200", "metadata of Alibaba, in the carriers' range"),
    ("168.63.129.16", "Azure's own services"),
    ("192.0.0.192", "metadata of Oracle"),
    ("100.64.0.1", "carriers"),
    ("192.0.2.1", "documentation"),
    ("198.18.0.1", "benchmarks"),
    ("192.88.99.1", "relays of 6to4"),
    ("224.0.0.1", "multicast"),
    ("240.0.0.1", "reserved"),
    ("255.255.255.255", "broadcast"),
    ("::", "nothing"),
    ("::1", "loopback"),
    ("fe80::1", "link-local"),
    ("fe80::1%eth0", "link-local of one interface"),
    ("fd00::1", "private"),
    ("fec0::1", "private, of old"),
    ("fd00:ec2::254", "metadata"),
    ("ff02::1", "multicast"),
    ("2001:db8::1", "documentation"),
    ("3fff::1", "documentation"),
    ("2001::1", "Teredo"),
    ("2001:20::1", "names of hosts, not addresses"),
    ("100::1", "discarded"),
    ("::ffff:127.0.0.1", "loopback, mapped"),
    ("::ffff:a9fe:a9fe", "metadata, mapped"),
    ("::127.0.0.1", "loopback, in the old form"),
    ("64:ff9b::7f00:1", "loopback behind NAT64"),
    ("64:ff9b:1::808:808", "NAT64 of a network"),
    ("2002:7f00:1::1", "loopback behind 6to4"),
    ("2002:a9fe:a9fe::", "metadata behind 6to4"),
    ("localhost", "a name"),
    ("", "nothing"),
    ("127.1", "an odd spelling"),
]


@pytest.mark.parametrize("address", PUBLIC)
def test_it_takes_an_address_of_the_public_internet(address: str) -> None:
    assert is_public_ip(address)


@pytest.mark.parametrize("address", [row[0] for row in NOT_PUBLIC], ids=[" ".join(row) for row in NOT_PUBLIC])
def test_it_refuses_every_other_address(address: str) -> None:
    assert not is_public_ip(address)


@pytest.mark.parametrize(
    ("netloc", "named"),
    [
        ("Example.org.", "example.org"),
        ("example.org.:8080", "example.org:8080"),
        ("example.org", "example.org"),
        ("[2606:4700::1111]:443", "[2606:4700::1111]:443"),
    ],
)
def test_a_host_is_named_in_one_way(netloc: str, named: str) -> None:
    assert normalize_netloc(netloc) == named


@pytest.mark.parametrize(
    ("listed", "host", "port", "is_it"),
    [
        ("files.example.org", "files.example.org", 8080, True),
        ("Files.Example.org:8080", "files.example.org", 8080, True),
        ("files.example.org:8080", "files.example.org", 80, False),
        ("example.org", "files.example.org", 80, False),
        ("[::1]:80", "::1", 80, True),
        ("[::1]", "::1", 443, True),
    ],
)
def test_a_listed_host_is_known_by_its_name_and_port(listed: str, host: str, port: int, is_it: bool) -> None:
    assert is_host_listed([listed], host, port) is is_it
