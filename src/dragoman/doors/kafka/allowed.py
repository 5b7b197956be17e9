"""What this door asks the kernel's permissions beyond what every command asks by itself: Kafka's finer differences.

    Kafka's operation   in the kernel's words (`OPERATIONS`)      on a topic, a group, a transactional id, the cluster

Refusals carry Kafka's code for the kind of thing (`errors.DENIED`). What a client may do with something is told as bits
of Kafka's operations, where it asks for them (KIP-430).
"""

from collections.abc import Mapping
from typing import Any, Final

from dragoman.doors.kafka.errors import CLUSTER_DENIED, DENIED, Refused
from dragoman.doors.kafka.talk import NAMESPACE as SPACE
from dragoman.doors.kafka.talk import Talk
from dragoman.kernel.api import (
    ALTER,
    CONFIGURE,
    DECLARE,
    DELETE,
    DESCRIBE,
    GROUP,
    INSPECT,
    NAMESPACE,
    READ,
    SEND,
    STREAM,
    TRANSACTION,
    Need,
)

CLUSTER_NAME: Final = "kafka-cluster"
NOT_ASKED: Final = -(1 << 31)  # instead of bits of operations

BITS: Final[Mapping[int, int]] = {
    3: READ,
    4: SEND,
    5: DECLARE,
    6: DELETE,
    7: ALTER,
    8: DESCRIBE,
    10: INSPECT,
    11: CONFIGURE,
    12: SEND,
}
"""Kafka's operations, by number, as they are told of something: Read, Write, Create, Delete, Alter, Describe,
DescribeConfigs, AlterConfigs, IdempotentWrite."""
OF_KIND: Final[Mapping[str, tuple[int, ...]]] = {
    STREAM: (3, 4, 5, 6, 7, 8, 10, 11),
    GROUP: (3, 6, 8, 10, 11),
    TRANSACTION: (4, 8),
    NAMESPACE: (5, 7, 8, 10, 11, 12),
}


def may(talk: Talk, operation: int, kind: str, name: str = "", whole: int = 0) -> bool:
    """Whether the client may; `whole` on the cluster does as well."""
    return talk.session.may(Need(SPACE, kind, name, operation, whole))


def check(talk: Talk, operation: int, kind: str, name: str = "", whole: int = 0) -> None:
    """Raises Refused."""
    if not may(talk, operation, kind, name, whole):
        raise Refused(DENIED.get(kind, CLUSTER_DENIED))


def check_topic(talk: Talk, operation: int, name: str) -> None:
    """Raises Refused."""
    check(talk, operation, STREAM, name)


def check_cluster(talk: Talk, operation: int) -> None:
    """Raises Refused."""
    check(talk, operation, NAMESPACE)


def denied(talk: Talk, operation: int, kind: str, name: str = "") -> int:
    """Kafka's code, 0 if the client may."""
    return 0 if may(talk, operation, kind, name) else DENIED.get(kind, CLUSTER_DENIED)


def operations(talk: Talk, kind: str, name: str, asked: Any) -> int:
    """All that the client may do with something, as bits; NOT_ASKED if it does not want to know."""
    if not asked:
        return NOT_ASKED
    allowed = talk.session.operations(kind, name)
    return sum(1 << number for number in OF_KIND[kind] if allowed & BITS[number])
