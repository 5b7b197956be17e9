r"""Runs of publishes to publish commands. Hot: one command per run, not per message.

    PublishRun (one exchange and key) --> neighbours alike in what their properties ask for --> Publish
                                                                \\-> returns, then confirms

What properties ask for is one of few `Traits`, shared, so that neighbours are compared by identity. Neighbours that
differ in priority and life alone go together, with a column of each. A message whose headers must be rewritten (CC and
BCC, x-delay) goes alone, through `rewriting`.
"""

from typing import Any, Final

from dragoman.doors.amqp091.channel import Channel
from dragoman.doors.amqp091.errors import NO_ROUTE, NOT_IMPLEMENTED, Refused, refusal_of
from dragoman.doors.amqp091.rewriting import answerable, rewritten
from dragoman.doors.amqp091.tallies import Flow
from dragoman.doors.amqp091.traits import PLAIN, REPLY_TO, Traits
from dragoman.doors.shared.judged import publish_good
from dragoman.kernel.api import Address, Publish, PublishReply
from dragoman.model.errors import KernelError, MessageInvalid, StorageFull, StreamNotFound
from dragoman.model.levels import AMQP091, APPLIED, SYNCED
from dragoman.wire.amqp091.errors import AmqpError
from dragoman.wire.amqp091.events import PublishRun
from dragoman.wire.amqp091.outgoing import pack_entries, return_message

LIFE_MS_MIN: Final = 1  # a life of 0 reaches whoever waits for it now: the end of this turn
NO_ROUTE_TEXT: Final = b"NO_ROUTE"


class Held(Exception):
    """There is no room for messages now: what is left of the run is to be tried again."""


def publish(channel: Channel, run: PublishRun) -> None:
    """Carry out a run.

    Raises Refused and AmqpError, with what came before the culprit carried out; Held, with what was not carried out
    left in the run.
    """
    if run.immediate:
        raise Refused(NOT_IMPLEMENTED, "immediate=true")
    link = channel.link
    address = link.addresses.of(run.key_raw)
    headers = run.headers
    previous = headers[0]
    traits = link.traits.of(previous)
    now = traits
    each: list[Traits] = []  # of messages from `start` on, once one asks for something else
    start: int = 0
    for index in range(1, len(headers)):
        header = headers[index]
        if header is not previous:
            previous = header
            try:
                again = link.traits.of(header)
            except (AmqpError, Refused):
                _publish_alike(channel, run, address, traits, start, index, each)
                raise
            if again is not now:
                now = again
                if not again.goes_with(traits):
                    _publish_alike(channel, run, address, traits, start, index, each)
                    start = index
                    traits = again
                    each = []
                elif not each:
                    each = [traits] * (index - start)
        if each:
            each.append(now)
    _publish_alike(channel, run, address, traits, start, len(headers), each)


def _publish_alike(
    channel: Channel,
    run: PublishRun,
    address: Address,
    traits: Traits,
    start: int,
    end: int,
    each: list[Traits],
) -> None:
    """Messages start <= i < end of the run, which go together; `each` has the traits of each, unless all are alike."""
    headers, bodies = run.headers, run.bodies
    if start > 0 or end < len(headers):
        headers = headers[start:end]
        bodies = bodies[start:end]
    if traits.special <= REPLY_TO:
        told = headers if traits.special == PLAIN else answerable(channel, headers)
        entries = pack_entries(run.key_raw, told, bodies)
        commands = [Publish(channel.link.namespace, address, AMQP091, entries)]
    else:
        commands = rewritten(channel, run.key_raw, address, headers, bodies, traits)
    for command in commands:
        _ask_for(command, traits, channel)
        if each:
            _tell_apart(command, each, channel)
    mandatory = run.key_raw if run.mandatory else b""
    if channel.transaction is not None:
        channel.transaction.publish(commands, headers, bodies, mandatory)
        channel.tally.published += len(bodies)
        return
    bad: set[int] = set()
    try:
        replies = [_carry_out(channel, command, bad) for command in commands]
    except StorageFull:
        run.headers, run.bodies = run.headers[start:], run.bodies[start:]
        raise Held from None
    channel.tally.published += len(bodies)
    flow = channel.link.flow_of(address)
    if bad:
        conclude_some(channel, flow, replies, headers, bodies, mandatory, bad)
    else:
        conclude(channel, flow, replies, headers, bodies, mandatory)


def _ask_for(command: Publish, traits: Traits, channel: Channel) -> None:
    """What the properties ask of the kernel, and what the confirm must wait for."""
    count = len(command.bodies)
    is_awaited = channel.confirms is not None or channel.transaction is not None
    command.is_told = is_awaited
    command.level = SYNCED if is_awaited and traits.persistent else APPLIED
    if traits.expiration_ms >= 0:
        life_ms: int = max(traits.expiration_ms, LIFE_MS_MIN)
        begins_ms: int = max(channel.link.session.wall_ms(), command.due_ms)
        command.expires_ms = [begins_ms + life_ms] * count
    if traits.priority:
        command.priorities = [traits.priority] * count


def _tell_apart(command: Publish, each: list[Traits], channel: Channel) -> None:
    """Priorities and lives of messages that differ in them."""
    begins_ms: int = channel.link.session.wall_ms()
    priorities: list[int] = []
    # Boxed: most lives are the same few, and are kept as long as their messages.
    ends: dict[Traits, Any] = {}
    expires: list[Any] = []
    prior: bool = False
    mortal: bool = False
    for traits in each:
        priority: int = traits.priority
        priorities.append(priority)
        prior = prior or priority > 0
        end: Any = ends.get(traits)
        if end is None:
            life_ms: int = traits.expiration_ms
            end = begins_ms + max(life_ms, LIFE_MS_MIN) if life_ms >= 0 else 0
            ends[traits] = end
            mortal = mortal or life_ms >= 0
        expires.append(end)
    command.priorities = priorities if prior else None
    command.expires_ms = expires if mortal else None


def _carry_out(channel: Channel, command: Publish, bad: set[int]) -> PublishReply | None:
    """None when the default exchange has no queue of that name, or nothing is taken; `bad` learns what rules refuse.
    Raises Refused and StorageFull.
    """
    try:
        return channel.link.session.publish(command)
    except MessageInvalid:
        reply, faults = publish_good(channel.link.session, command)
        bad.update(faults)
        return reply
    except StreamNotFound:
        return None
    except StorageFull:
        raise
    except KernelError as error:
        raise refusal_of(error, channel.link.vhost, "exchange") from error


def conclude(
    channel: Channel,
    flow: Flow,
    replies: list[PublishReply | None],
    headers: list[bytes],
    bodies: list[bytes],
    mandatory: bytes,
) -> None:
    """Returns and confirms of messages that went by the same commands, through the same exchange. `mandatory` is their
    raw key, or empty.
    """
    lost = _lost(flow, replies, len(bodies))
    if lost and not mandatory:
        channel.tally.dropped += len(lost)
    elif lost:
        channel.tally.returned += len(lost)
        for index in lost:
            channel.send(
                return_message(
                    channel.number,
                    NO_ROUTE,
                    NO_ROUTE_TEXT,
                    mandatory,
                    headers[index],
                    bodies[index],
                    channel.link.tuning.frame_max,
                )
            )
    if channel.confirms is not None:
        count: int = len(bodies)
        accepted: int = count
        position: int = 0
        level: int = APPLIED
        for reply in replies:
            if reply is not None:
                position = max(position, reply.position)
                level = max(level, reply.level)
                if reply.refused >= 0:
                    accepted = min(accepted, reply.refused)
        if accepted:
            channel.confirms.add(accepted, position, level, True)
        if accepted < count:
            channel.confirms.add(count - accepted, 0, APPLIED, False)
        channel.link.waiting[channel] = None


def _lost(flow: Flow, replies: list[PublishReply | None], count: int) -> list[int]:
    """Which of `count` messages went nowhere; the flow learns how many went where."""
    flow.came += count
    is_any_whole = False
    for reply in replies:
        if reply is None or not reply.routed:
            continue
        if reply.unrouted:
            flow.went += reply.routed * (count - len(reply.unrouted))
        else:
            flow.went += reply.routed * count
            is_any_whole = True
    return [] if is_any_whole else _unrouted(replies, count)


def conclude_some(
    channel: Channel,
    flow: Flow,
    replies: list[PublishReply | None],
    headers: list[bytes],
    bodies: list[bytes],
    mandatory: bytes,
    bad: set[int],
) -> None:
    """As `conclude`, where rules refused some: one by one, as confirms come in the order of publishes."""
    unrouted = _unrouted(replies, len(bodies))
    for index in range(len(bodies)):
        if index in bad:
            if channel.confirms is not None:
                channel.confirms.add(1, 0, APPLIED, False)
                channel.link.waiting[channel] = None
            continue
        own: list[PublishReply | None] = []
        for reply in replies:
            if reply is None or index in unrouted:
                own.append(None)
                continue
            mine = PublishReply(reply.routed, reply.offset, reply.partition, reply.level)
            mine.position = reply.position
            mine.refused = 0 if 0 <= reply.refused <= index else -1
            own.append(mine)
        one = slice(index, index + 1)
        conclude(channel, flow, own, headers[one], bodies[one], mandatory)


def _unrouted(replies: list[PublishReply | None], count: int) -> list[int]:
    """Which messages went nowhere by any of their commands."""
    lost = set(range(count))
    for reply in replies:
        if reply is not None and reply.routed:
            lost.intersection_update(reply.unrouted or ())
    return sorted(lost)
