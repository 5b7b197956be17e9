"""Which addresses the broker may call on behalf of whoever may name a URL to it. Knows no sockets.

Anybody who may make a push subscription makes this process send requests. What only this process can reach (itself, its
neighbours, the cloud's metadata service with its credentials) is refused unless the operator allows it:

    allow = ["127.0.0.0/8", "10.1.0.0/16", "hooks.internal:8080", "[::1]:9000"]

An entry is a network or an address, which opens every port, or a host (name or address) with one port. A name is
allowed whatever it leads to, but for metadata services: those are opened by their own address alone, never by a range.

The kinds follow IANA's registries of special-purpose addresses (RFC 6890 and its updates). IPv6 carries IPv4 in several
ways; what is carried is judged in its place, so that no spelling of 169.254.169.254 is better than another.
"""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

JUDGED_MAX: Final = 4_096  # addresses whose kind is remembered
PORT_MAX: Final = 65_535

METADATA: Final[frozenset[Address]] = frozenset(
    ip_address(text)
    for text in (
        "169.254.169.254",  # most clouds
        "169.254.170.2",  # containers of AWS
        "169.254.170.23",
        "169.254.42.42",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
        "100.100.100.200",
        "168.63.129.16",  # Azure's, among public addresses
        "192.0.0.192",
    )
)
KINDS: Final[tuple[tuple[str, Network], ...]] = tuple(
    (kind, ip_network(text))
    for kind, texts in (
        ("loopback", ("127.0.0.0/8", "::1/128")),
        ("link-local", ("169.254.0.0/16", "fe80::/10")),
        ("private", ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fec0::/10")),
        ("carrier-grade NAT", ("100.64.0.0/10",)),
        ("multicast", ("224.0.0.0/4", "ff00::/8")),
        ("unspecified", ("0.0.0.0/8", "::/128")),
        ("broadcast", ("255.255.255.255/32",)),
        (
            "reserved",
            (
                "192.0.0.0/24",
                "192.0.2.0/24",
                "192.88.99.0/24",
                "198.18.0.0/15",
                "198.51.100.0/24",
                "203.0.113.0/24",
                "240.0.0.0/4",
                "2001::/23",  # Teredo and ORCHID among them
                "2001:db8::/32",
                "3fff::/20",
            ),
        ),
    )
    for text in texts
)
GLOBAL_IPV6: Final = IPv6Network("2000::/3")  # all that is given out so far
CARRIERS: Final[tuple[tuple[IPv6Network, int], ...]] = (
    (IPv6Network("::ffff:0:0/96"), 0),  # mapped; the shift is to the IPv4 address
    (IPv6Network("::ffff:0:0:0/96"), 0),  # translated
    (IPv6Network("64:ff9b::/96"), 0),  # NAT64
    (IPv6Network("64:ff9b:1::/48"), 0),
    (IPv6Network("2002::/16"), 80),  # 6to4
)
COMPATIBLE: Final = IPv6Network("::/96")  # "::7f00:1"; `::` and `::1` are their own kinds


class Guard:
    """Judges addresses by kind and by what the operator allows."""

    def __init__(self, allow: Iterable[str] = (), *, loopback: bool = False) -> None:
        """`loopback`: this machine may be called. Raises ValueError, naming the entry that is none."""
        self._networks: list[Network] = []
        self._hosts: set[tuple[str, int]] = set()
        for entry in (*allow, *(("127.0.0.0/8", "::1") if loopback else ())):
            self._add(entry)

    def _add(self, entry: str) -> None:
        try:
            self._networks.append(ip_network(entry))
        except ValueError:
            self._hosts.add(host_and_port(entry))

    def judge(self, host: str, port: int, address: str) -> str:
        """Why `host`, which is at `address`, may not be called at `port`; empty when it may."""
        found = _plain(ip_address(address.partition("%")[0]))
        kind = kind_of(found)
        if not kind or self._allows(host, port, found, kind):
            return ""
        return f"{found} is a {kind} address"

    def _allows(self, host: str, port: int, found: Address, kind: str) -> bool:
        if (str(found), port) in self._hosts:
            return True
        if kind == "metadata":
            return any(
                network.prefixlen == network.max_prefixlen and found in network
                for network in self._networks
            )
        return (_folded(host), port) in self._hosts or any(
            found in network for network in self._networks
        )


def host_and_port(entry: str) -> tuple[str, int]:
    """`HOST:PORT` or `[IPV6]:PORT` as (host, port). Raises ValueError."""
    host, _, number = entry.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    is_port = number.isascii() and number.isdecimal() and 0 < int(number) <= PORT_MAX
    if not host or not is_port or "/" in host or (":" in host and not bracketed):
        raise ValueError(f"{entry!r} is neither a network nor an address nor HOST:PORT")
    host = host.strip("[]")
    return (str(ip_address(host)) if bracketed else _folded(host)), int(number)


def _folded(host: str) -> str:
    """Names are the same whatever their case, and with the root's dot or without."""
    return host.lower().rstrip(".")


@lru_cache(JUDGED_MAX)
def kind_of(address: Address) -> str:
    """What is special about an address; empty for one that anybody on the Internet may have."""
    address = _plain(address)
    if address in METADATA:
        return "metadata"
    for kind, network in KINDS:
        if address in network:
            return kind
    return "" if address.version == 4 or address in GLOBAL_IPV6 else "reserved"


def _plain(address: Address) -> Address:
    """The IPv4 address that an IPv6 one carries, or the address itself."""
    if isinstance(address, IPv4Address):
        return address
    number = int(address)
    for network, shift in CARRIERS:
        if address in network:
            return IPv4Address((number >> shift) & 0xFFFF_FFFF)
    if address in COMPATIBLE and number > 1:
        return IPv4Address(number)
    return address
