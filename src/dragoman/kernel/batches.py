"""What is said of batches of messages: commands made once for each read of a socket, and their replies. Hot.

Doors import them from `api`, the kernel as well from `commands` and `replies`, with the rest of their kind.
"""

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from dragoman.kernel.settings import Address

ANY_PARTITION: Final = -1


class Producer:
    """Who wrote a batch, for idempotence and transactions: `sequence` is the batch's first, `count` its length."""

    __slots__ = ("count", "epoch", "id", "sequence", "transactional")

    def __init__(self, id: int, epoch: int, sequence: int, count: int, transactional: bool) -> None:
        self.id = id
        self.epoch = epoch
        self.sequence = sequence
        self.count = count
        self.transactional = transactional


class Publish:
    """Append messages where `address` leads; all or none of them. Reply: `Published`.

    bodies      one stored entry each, in `format`
    packed      0: each body is one message; n > 0: the single body is a batch of n messages (a Kafka record batch)
    persistent  wait for the stream's synced level if the stream is durable; else the door decides by `level`
    level       what the confirm must wait for at least (-1: the stream's own)
    expires_ms  wall time per body, 0 never; None when none expires
    priorities  per body; None when all are 0
    keys        ordering key or session per body; None when none has one
    due_ms      wall time at which to publish (one for the whole batch); 0 now
    further_keys  more keys that a route goes by as well, each target once (AMQP's CC and BCC)
    latest_ms   the newest time its senders put on a message of the batch; 0: the time of storing
    is_vouched  whether its door has seen to it that all is as the stream's own schema says
    is_told     whether whoever sent it hears what is refused; what a rule refuses is dead-lettered or dropped otherwise
    """

    __slots__ = (
        "address",
        "bodies",
        "control",
        "dedup",
        "due_ms",
        "expires_ms",
        "format",
        "further_keys",
        "hops",
        "is_told",
        "is_vouched",
        "keys",
        "latest_ms",
        "level",
        "namespace",
        "packed",
        "partition",
        "priorities",
        "producer",
    )

    def __init__(
        self, namespace: str, address: "Address", format: int, bodies: list[bytes]
    ) -> None:
        self.namespace = namespace
        self.address = address
        self.format = format
        self.bodies = bodies
        self.partition: int = ANY_PARTITION
        self.packed: int = 0
        self.level: int = -1
        self.hops: int = 0
        self.due_ms: int = 0
        self.latest_ms: int = 0
        self.control: bool = False
        self.is_told: bool = True
        self.is_vouched: bool = False
        self.further_keys: tuple[str, ...] = ()
        self.expires_ms: list[int] | None = None
        self.priorities: list[int] | None = None
        self.keys: list[bytes] | None = None
        self.dedup: list[str] | None = None
        self.producer: Producer | None = None


Outcome = Literal["ack", "release", "reject", "defer"]


class Settle:
    """Say what became of leased messages. Reply: `Settled`.

    runs are half-open offset ranges of one partition. Offsets that `holder` no longer holds are skipped and counted;
    with `strict` their presence raises LeaseExpired and nothing is settled.

    release     ready again, at its place; `failed` counts against attempts_max; `delay_ms` < 0 takes the policy's
    reject      never again here: dead-lettered if the subscription says so, else dropped
    text        what the reader says of the messages, for those that are dead-lettered
    headers     what it sets on them, typed as in the envelope: on the dead letter, or, released and deferred, on what
                the subscription has from then on. Raises QuotaExceeded (too many and too large messages so changed)
    attempts    with ack, per message: how often it had been leased when its reader got it. One that has come back
                since, and was not handed out again, is settled all the same
    offsets     and these messages, which were handed out apart (`Delivery.offsets`), in their order
    """

    __slots__ = (
        "attempts",
        "delay_ms",
        "failed",
        "headers",
        "holder",
        "offsets",
        "outcome",
        "partition",
        "reason",
        "runs",
        "strict",
        "subscription",
        "text",
    )

    def __init__(
        self,
        subscription: int,
        partition: int,
        holder: int,
        runs: list[tuple[int, int]],
        outcome: Outcome,
    ) -> None:
        self.subscription = subscription
        self.partition = partition
        self.holder = holder
        self.runs = runs
        self.outcome: Outcome = outcome
        self.failed: bool = False
        self.delay_ms: int = -1
        self.strict: bool = False
        self.reason: str = ""
        self.text: str = ""
        self.headers: dict[str, object] | None = None
        self.attempts: list[int] | None = None
        self.offsets: list[int] | None = None


class Original(NamedTuple):
    """A message that was sent again: where it is, and the wall time at which it was stored."""

    partition: int
    offset: int
    stored_ms: int


class PublishReply:
    """Where a publish ended.

    position    of the journal frame it waits for (filled in by the runtime), with the `level` it must reach
    routed      how many streams took it
    offset      base offset in the first target, -1 when routed nowhere
    unrouted    indexes of bodies that went nowhere; None when the whole batch shared one fate (`routed`)
    refused     index of the first body that a named subscription had no room for (overflow = reject-publish), or -1;
                the bodies from there on are not in that subscription's stream
    schedule    (stream, offset), the id of the first message that waits for its time; None when none does
    duplicate   all of it was sent before, by the producer's sequence or by dedup ids; `offset` is the old one
    duplicates  by dedup ids: index of a body -> the message it repeats
    put_off     what rules put off: whoever decided on the publish is to schedule these
    """

    __slots__ = (
        "duplicate",
        "duplicates",
        "level",
        "offset",
        "partition",
        "position",
        "put_off",
        "refused",
        "routed",
        "schedule",
        "unrouted",
    )

    def __init__(self, routed: int, offset: int, partition: int, level: int) -> None:
        self.routed = routed
        self.offset = offset
        self.partition = partition
        self.level = level
        self.position: int = 0
        self.unrouted: list[int] | None = None
        self.refused: int = -1
        self.duplicate: bool = False
        self.duplicates: dict[int, Original] | None = None
        self.schedule: tuple[int, int] | None = None
        self.put_off: list[Publish] | None = None


class SettleReply:
    """How many messages were settled, and how many were no longer held."""

    __slots__ = ("missing", "settled")

    def __init__(self, settled: int, missing: int) -> None:
        self.settled = settled
        self.missing = missing
