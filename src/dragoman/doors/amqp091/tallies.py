"""What goes through channels and exchanges, counted run by run: what the management API makes rates of. Hot.

Counts only grow, and begin at 0 with the channel, and with the process. Of exchanges all connections count together;
one that is deleted is forgotten, and whoever still has its flow in hand looks for the new one.
"""

from typing import Final

FLOWS_MAX: Final = 100_000  # exchanges counted; what goes through later ones is not told of


class Tally:
    """What one channel did."""

    __slots__ = (
        "acked",
        "delivered",
        "delivered_no_ack",
        "dropped",
        "got",
        "got_empty",
        "got_no_ack",
        "published",
        "redelivered",
        "returned",
    )

    def __init__(self) -> None:
        self.published: int = 0
        self.returned: int = 0  # mandatory, and nobody to take them
        self.dropped: int = 0  # nobody to take them, and nobody to be told
        self.delivered: int = 0  # to consumers that acknowledge
        self.delivered_no_ack: int = 0
        self.got: int = 0
        self.got_no_ack: int = 0
        self.got_empty: int = 0
        self.acked: int = 0
        self.redelivered: int = 0  # again, among all that was delivered or got


class Flow:
    """Messages through one exchange: `came` in, `went` to queues and other streams."""

    __slots__ = ("came", "is_gone", "went")

    def __init__(self) -> None:
        self.came: int = 0
        self.went: int = 0
        self.is_gone = False  # the exchange was deleted


class Flows:
    """Those of all exchanges, by namespace and name."""

    __slots__ = ("_known", "_most")

    def __init__(self, most: int = FLOWS_MAX) -> None:
        self._most = most
        self._known: dict[tuple[str, str], Flow] = {}

    def of(self, namespace: str, name: str) -> Flow:
        """That of an exchange, made when first asked for."""
        found = self._known.get((namespace, name))
        if found is None:
            found = Flow()
            if len(self._known) < self._most:
                self._known[namespace, name] = found
        return found

    def known(self, namespace: str, name: str) -> Flow | None:
        """That of an exchange, if anything went through it."""
        return self._known.get((namespace, name))

    def forget(self, namespace: str, name: str) -> None:
        """The exchange is deleted."""
        gone = self._known.pop((namespace, name), None)
        if gone is not None:
            gone.is_gone = True
