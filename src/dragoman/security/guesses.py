"""Failed proofs of who one is, counted by address, so that guessing takes its time however many connections guess.

An address may fail GUESSES_MAX times at once and once more every GUESS_MS; past that whatever it shows is refused
unread, good or bad, until time has passed. Of each address one number is kept, the time at which all its failures are
forgiven (a leaky bucket told as a time):

    now                          clear_ms                     now + GUESSES_MAX * GUESS_MS
     |------- failures -----------|----------- room -----------|

An address of IPv6 stands for its network of 64 bits: who has one address there has all. ADDRESSES_MAX are remembered,
those that failed last.
"""

from ipaddress import IPv6Address, ip_address
from typing import Final

GUESSES_MAX: Final = 100
GUESS_MS: Final = 1_000
ADDRESSES_MAX: Final = 10_000
_NETWORK_BITS: Final = 64


class Guesses:
    """See the module. Times are elapsed milliseconds."""

    def __init__(self) -> None:
        self._clear_ms: dict[str, int] = {}  # by network, those that failed last at the end

    def __len__(self) -> int:
        """How many addresses are remembered."""
        return len(self._clear_ms)

    def may_try(self, host: str, now_ms: int) -> bool:
        """Whether what the address shows is looked at."""
        if not self._clear_ms:
            return True
        clear_ms = self._clear_ms.get(network_of(host), now_ms)
        return clear_ms - now_ms <= (GUESSES_MAX - 1) * GUESS_MS

    def failed(self, host: str, now_ms: int) -> None:
        """The address has shown something that is not good."""
        network = network_of(host)
        clear_ms = max(self._clear_ms.pop(network, now_ms), now_ms)
        self._clear_ms[network] = clear_ms + GUESS_MS
        if len(self._clear_ms) > ADDRESSES_MAX:
            del self._clear_ms[next(iter(self._clear_ms))]


def network_of(host: str) -> str:
    """What counts as one address."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return f"{int(address) >> _NETWORK_BITS:x}/{_NETWORK_BITS}"
