"""The life of one message for one leased subscription, as a table.

    READY (implicit, at or past the frontier) --LEASE--> LEASED --ACK--> DONE
    LEASED --RELEASE--> RETURNED (ready again, before the frontier, served first in offset order)
    LEASED --DELAY--> WAITING --TIME--> RETURNED
    LEASED --DEFER--> DEFERRED --LEASE--> LEASED, --TAKE--> DONE (by offset only)
    LEASED --PUT_BACK--> DEFERRED (it was that when it was leased; counts as a release)
    LEASED --PARK--> DEAD (dead letter whose target had no room; retried) --ACK--> DONE
    READY --PASS--> RETURNED (seen by a receiver that selects, not taken: no attempt)
    READY --HIDE--> PENDING (in an open transaction) --SHOW--> RETURNED, --DROP--> DONE
    DONE --SEEK--> RETURNED, while the stream still keeps it

DONE is zero so that a fresh chunk of zeros says "nothing here is open".
"""

from collections.abc import Mapping
from typing import Final

DONE: Final = 0
LEASED: Final = 1
RETURNED: Final = 2
WAITING: Final = 3
DEFERRED: Final = 4
PENDING: Final = 5
DEAD: Final = 6
READY: Final = 7  # never stored: every offset at or past the frontier

STATES: Final[Mapping[int, str]] = {
    DONE: "DONE",
    LEASED: "LEASED",
    RETURNED: "RETURNED",
    WAITING: "WAITING",
    DEFERRED: "DEFERRED",
    PENDING: "PENDING",
    DEAD: "DEAD",
    READY: "READY",
}

# Events. Journal records carry these numbers: never renumbered.
LEASE: Final = 0
TAKE: Final = 1  # leased and done in one step: readers that do not acknowledge
ACK: Final = 2
RELEASE: Final = 3
DELAY: Final = 4
TIME: Final = 5
DEFER: Final = 6
DROP: Final = (
    7  # expired, over a limit, rejected without or into a dead-letter target, purged, aborted
)
PARK: Final = 8
HIDE: Final = 9
SHOW: Final = 10
SEEK: Final = 11
PUT_BACK: Final = 12  # a lease of what was DEFERRED ends without a word on what becomes of it
PASS: Final = 13

EVENTS: Final[Mapping[int, str]] = {
    LEASE: "LEASE",
    TAKE: "TAKE",
    ACK: "ACK",
    RELEASE: "RELEASE",
    DELAY: "DELAY",
    TIME: "TIME",
    DEFER: "DEFER",
    DROP: "DROP",
    PARK: "PARK",
    HIDE: "HIDE",
    SHOW: "SHOW",
    SEEK: "SEEK",
    PUT_BACK: "PUT_BACK",
    PASS: "PASS",
}

TRANSITIONS: Final[Mapping[tuple[int, int], int]] = {
    (READY, LEASE): LEASED,
    (READY, TAKE): DONE,
    (READY, DROP): DONE,
    (READY, HIDE): PENDING,
    (READY, PASS): RETURNED,
    (RETURNED, LEASE): LEASED,
    (RETURNED, TAKE): DONE,
    (RETURNED, DROP): DONE,
    (LEASED, ACK): DONE,
    (LEASED, RELEASE): RETURNED,
    (LEASED, DELAY): WAITING,
    (LEASED, DEFER): DEFERRED,
    (LEASED, PUT_BACK): DEFERRED,
    (LEASED, DROP): DONE,
    (LEASED, PARK): DEAD,
    (LEASED, LEASE): LEASED,  # renewed under another holder
    (WAITING, TIME): RETURNED,
    (WAITING, DROP): DONE,
    (DEFERRED, LEASE): LEASED,
    (DEFERRED, TAKE): DONE,
    (DEFERRED, DROP): DONE,
    (DEAD, ACK): DONE,
    (DEAD, RELEASE): RETURNED,
    (DEAD, DROP): DONE,
    (PENDING, SHOW): RETURNED,
    (PENDING, DROP): DONE,
    (DONE, SEEK): RETURNED,
}

COUNTED: Final = frozenset((RELEASE, DELAY, PUT_BACK))
"""Events that end a lease and count as one that was tried."""
