from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.push.guard import METADATA, Guard, host_and_port, kind_of

REFUSED = {
    "127.0.0.1": "loopback",
    "127.8.9.10": "loopback",
    "::1": "loopback",
    "169.254.1.1": "link-local",
    "fe80::1": "link-local",
    "fe80::1%eth0": "link-local",
    "10.0.0.1": "private",
    "172.31.255.255": "private",
    "192.168.1.1": "private",
    "fd12:3456::1": "private",
    "fec0::1": "private",
    "100.64.0.1": "carrier-grade NAT",
    "224.0.0.251": "multicast",
    "ff02::1": "multicast",
    "0.0.0.0": "unspecified",
    "0.1.2.3": "unspecified",
    "::": "unspecified",
    "255.255.255.255": "broadcast",
    "198.18.0.1": "reserved",
    "240.0.0.1": "reserved",
    "2001::1": "reserved",
    "2001:db8::1": "reserved",
    "4000::1": "reserved",
    "169.254.169.254": "metadata",
    "168.63.129.16": "metadata",
    "100.100.100.200": "metadata",
    "fd00:ec2::254": "metadata",
    "::ffff:127.0.0.1": "loopback",
    "::ffff:169.254.169.254": "metadata",
    "::ffff:0:10.0.0.1": "private",
    "64:ff9b::127.0.0.1": "loopback",
    "64:ff9b:1::a00:1": "private",
    "2002:7f00:1::": "loopback",
    "2002:a9fe:a9fe::1": "metadata",
    "::7f00:1": "loopback",
}
TAKEN = (
    "8.8.8.8",
    "172.32.0.1",
    "100.128.0.1",
    "2606:4700::1111",
    "::ffff:8.8.8.8",
    "2002:808:808::",
)


@pytest.mark.parametrize(("address", "kind"), REFUSED.items())
def test_what_only_this_machine_can_reach_is_refused_and_the_kind_is_told(
    address: str, kind: str
) -> None:
    assert f" {kind} " in Guard().judge("evil.example", 80, address)


@pytest.mark.parametrize("address", TAKEN)
def test_what_anybody_may_have_is_allowed(address: str) -> None:
    assert Guard().judge("hooks.example", 443, address) == ""


def test_a_network_opens_its_addresses_and_no_others() -> None:
    guard = Guard(["10.1.0.0/16", "fd12::/16"])
    assert guard.judge("a", 80, "10.1.255.255") == ""
    assert guard.judge("a", 80, "::ffff:10.1.2.3") == ""
    assert guard.judge("a", 80, "fd12::1") == ""
    assert guard.judge("a", 80, "10.2.0.1")


def test_a_host_is_opened_at_its_port_only() -> None:
    guard = Guard(["Hooks.Internal:8080", "127.0.0.1:9000", "[::1]:9001"])
    assert guard.judge("hooks.internal.", 8080, "10.0.0.1") == ""
    assert guard.judge("hooks.internal", 8081, "10.0.0.1")
    assert guard.judge("other.internal", 8080, "10.0.0.1")
    assert guard.judge("anything", 9000, "127.0.0.1") == ""
    assert guard.judge("localhost", 9001, "::1") == ""
    assert guard.judge("localhost", 9000, "::1")


@pytest.mark.parametrize("address", sorted(map(str, METADATA)))
def test_metadata_is_opened_by_its_own_address_alone(address: str) -> None:
    wide = Guard(["0.0.0.0/0", "::/0", "meta.internal:80"])
    assert wide.judge("meta.internal", 80, address)
    assert Guard([address]).judge("meta.internal", 80, address) == ""


def test_a_machine_of_its_own_may_call_itself() -> None:
    guard = Guard(loopback=True)
    assert guard.judge("localhost", 3000, "127.0.0.1") == ""
    assert guard.judge("localhost", 3000, "::1") == ""
    assert guard.judge("localhost", 3000, "10.0.0.1")


@pytest.mark.parametrize(
    "entry", ["", "10.0.0.5/8", "name", "name:0", "name:65536", "a:b:c", "10.0.0.0/8:80", "[x]:1"]
)
def test_an_entry_that_is_none_is_named(entry: str) -> None:
    with pytest.raises(ValueError, match=r"neither a network|appear to be"):
        Guard([entry])


def test_a_host_of_brackets_is_an_address() -> None:
    assert host_and_port("[0:0::1]:80") == ("::1", 80)


@given(st.ip_addresses(v=4))
def test_no_spelling_of_an_address_is_better_than_another(address: IPv4Address) -> None:
    plain = kind_of(address)
    judged = {
        Guard().judge("x", 80, f"{prefix}{address}") == ""
        for prefix in ("", "::ffff:", "64:ff9b::", "::ffff:0:")
    }
    assert judged == {plain == ""}
