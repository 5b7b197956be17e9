"""Gathered transactions: several publishes and settlements as one set, all of them or none.

    Atomic(commands) -> every one decided against what is there, in order -> all records applied together, one frame

Nothing has changed until all are decided, so a refusal refuses the set. What a decision must know of the earlier
ones of its set (offsets they take) travels in `Pending`; what it cannot know (a message settled by one) is refused.
"""

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import msgspec

from dragoman.kernel.commands import Publish, Settle
from dragoman.kernel.draft import Pending
from dragoman.kernel.leases.settle import decide_settle, still_held
from dragoman.kernel.publish import decide_publish
from dragoman.kernel.records import Record
from dragoman.kernel.replies import PublishReply, SettleReply
from dragoman.kernel.scheduler import decide_put_off, decide_schedule
from dragoman.kernel.state import State
from dragoman.model.errors import InvalidArgument, PublishRefused, QuotaExceeded
from dragoman.model.limits import ATOMIC_BYTES_MAX, ATOMIC_COMMANDS_MAX

if TYPE_CHECKING:
    from dragoman.kernel.decisions import Decisions


class Atomic(msgspec.Struct, frozen=True):
    """Carry out publishes and settlements as one. Reply: `list[PublishReply | SettleReply]`, one each, in order.

    A publish that the target has no room for (reject-publish) refuses the set; one that leads nowhere does not. All
    replies wait for the session's position after the call, a publish's at its level. Raises what its commands raise,
    PublishRefused, QuotaExceeded (too large) and InvalidArgument (a message settled twice, a producer's batch).
    """

    commands: tuple[Publish | Settle, ...]


Spans = dict[tuple[int, int], list[tuple[int, int]]]


def atomic(kernel: "Decisions", command: Atomic, session: int) -> list[PublishReply | SettleReply]:
    """Reply: one reply per command. Nothing has changed when this raises."""
    check_size(command)
    pending = Pending()
    note_spoken(kernel.state, command, pending)
    settled: Spans = {}
    records: list[Record] = []
    replies: list[PublishReply | SettleReply] = []
    for each in command.commands:
        if isinstance(each, Publish):
            more, published = decide_one(kernel, each, pending)
            replies.append(published)
        else:
            settled.setdefault((each.subscription, each.partition), []).extend(each.runs)
            more, reply = decide_settle(
                kernel.state, each, kernel.now_ms, kernel.elapsed_ms, pending
            )
            replies.append(reply)
        records += more
    check_settled_once(settled)
    kernel.commit(records)
    return replies


def check_size(command: Atomic) -> None:
    """Raises QuotaExceeded."""
    if len(command.commands) > ATOMIC_COMMANDS_MAX:
        raise QuotaExceeded(f"an atomic set has at most {ATOMIC_COMMANDS_MAX} commands")
    size = sum(
        len(body) for each in command.commands if isinstance(each, Publish) for body in each.bodies
    )
    if size > ATOMIC_BYTES_MAX:
        raise QuotaExceeded(f"an atomic set has at most {ATOMIC_BYTES_MAX} bytes, not {size}")


def decide_one(
    kernel: "Decisions", command: Publish, pending: Pending
) -> tuple[list[Record], PublishReply]:
    """One publish of the set. Raises what it raises alone, and PublishRefused."""
    if command.producer is not None:
        raise InvalidArgument("a producer's batch cannot be part of an atomic set")
    if command.due_ms > kernel.now_ms:
        return decide_schedule(kernel, command, pending)
    records, reply = decide_publish(kernel.state, command, kernel.now_ms, pending)
    if reply.put_off is not None:
        records += decide_put_off(kernel, reply, pending)
    if reply.refused >= 0:
        raise PublishRefused(command.address.name)
    return records, reply


def note_spoken(state: State, command: Atomic, pending: Pending) -> None:
    """A release takes back the messages after its own, but those that the set settles itself."""
    for each in command.commands:
        if not isinstance(each, Settle):
            continue
        subscription = state.subscriptions.get(each.subscription)
        if subscription is None or not subscription.settings.revoke_followers:
            continue
        for window in subscription.windows[each.partition : each.partition + 1]:
            runs, _ = still_held(window, each)
            spoken = pending.spoken.setdefault((subscription.id, each.partition), set())
            spoken.update(offset for start, end in runs for offset in range(start, end))


def check_settled_once(settled: Spans) -> None:
    """Raises InvalidArgument when two commands of the set settle one message: each was decided without the other."""
    for runs in settled.values():
        runs.sort()
        for (_, end), (start, _) in pairwise(runs):
            if start < end:
                raise InvalidArgument("a message is settled twice in one atomic set")


HANDLERS: Final[Mapping[type, Callable[["Decisions", Any, int], Any]]] = {Atomic: atomic}
