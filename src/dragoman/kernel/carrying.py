"""What one step of a pump publishes: messages chosen, changed, addressed, and where those go that it gives up.

    messages of one block -> filter -> headers, or as they were before they died -> a publish to every target

Everything was taken in before: quotas on what is stored and a full disk stop a pump, quotas on sizes do not.
"""

from typing import TYPE_CHECKING, Final

from dragoman.kernel.block import Block
from dragoman.kernel.commands import Publish
from dragoman.kernel.draft import Pending
from dragoman.kernel.publish import decide_moved
from dragoman.kernel.pumps import Pump, dead_letter_of
from dragoman.kernel.quotas import check_node, check_target
from dragoman.kernel.records import Record
from dragoman.kernel.rules.fault import Fault
from dragoman.kernel.rules.judging import Letter, letter_of
from dragoman.kernel.rules.rule import Parcel, run
from dragoman.kernel.scheduler import decide_put_off, decide_schedule
from dragoman.kernel.settings import Address
from dragoman.model.errors import (
    InvalidArgument,
    KernelError,
    MessageInvalid,
    QuotaExceeded,
    StorageFull,
)
from dragoman.model.limits import PUMP_HOPS_MAX
from dragoman.ports.translator import Death

if TYPE_CHECKING:
    from dragoman.kernel.decisions import Decisions
    from dragoman.kernel.state import State

HOME: Final = Address("")  # where a message died last


class Full(Exception):
    """A target has no room now."""


class TooFar(KernelError):
    """A message has come through as many pumps as it may."""


class NoOrigin(KernelError):
    """A message did not die in any stream that is there."""


class Load:
    """The messages of one step: [start, end) of `block`, and the record that says they were carried."""

    __slots__ = ("block", "end", "progress", "start")

    def __init__(self, block: Block, start: int, end: int, progress: Record) -> None:
        self.block = block
        self.start = start
        self.end = end
        self.progress = progress


def goes_in_a_circle(block: Block) -> bool:
    """Whether its messages came through so many pumps that they would never stop."""
    return block.hops >= PUMP_HOPS_MAX


def decide_carry(
    kernel: "Decisions", pump: Pump, load: Load, targets: tuple[Address, ...]
) -> tuple[list[Record], int]:
    """Records of the publishes, and how many messages they carry. Raises KernelError (TooFar among them), Full."""
    block = load.block
    if block.aborted or (block.control and not pump.subscription):
        return [], 0  # what a leased pump takes may be a copy made for its reader
    if kernel.state.is_full:
        raise StorageFull("the disk is full")
    if 0 < pump.settings.hops_max <= block.hops:
        raise TooFar(f"carried {block.hops} times, as often as may be")
    if goes_in_a_circle(block):
        return [], 0
    pending = Pending()
    records: list[Record] = []
    offsets = range(load.start, load.end)
    format_, bodies = messages_of(kernel.state, block, load.start, load.end)
    chosen = [
        at
        for at in range(len(bodies))
        if pump.filter is None
        or pump.filter.matches(kernel.state.translator.fields(format_, bodies[at], 0))
    ]
    is_judged = bool(kernel.state.rules.on)
    for target in targets or (HOME,):
        for command in _commands(
            kernel.state, kernel.now_ms, pump, target, block, offsets, format_, bodies, chosen
        ):
            if command.due_ms > kernel.now_ms:
                records += decide_schedule(kernel, command, pending)[0]
                continue
            _check_room(kernel.state, command)
            more, reply = decide_moved(kernel.state, command, kernel.now_ms, pending, is_judged)
            if reply.refused >= 0:
                raise Full(f"{target.name} has no room")
            records += [*more, *decide_put_off(kernel, reply, pending)]
    return records, len(chosen)


def _check_room(state: "State", command: Publish) -> None:
    """Raises QuotaExceeded where it is the node that has no room, Full where it is the target."""
    check_node(state, command)
    try:
        check_target(state, command)
    except QuotaExceeded as error:
        raise Full(str(error)) from None


def messages_of(state: "State", block: Block, start: int, end: int) -> tuple[int, list[bytes]]:
    """Messages [start, end) of a block, standing alone: (format, bodies)."""
    if not block.packed:
        return block.format, block.slice(start, end)
    format_, bodies = state.translator.open_batch(block.format, block.body(start))
    return format_, block.spread(bodies)[start - block.offset : end - block.offset]


def _commands(
    state: "State",
    now_ms: int,
    pump: Pump,
    target: Address,
    block: Block,
    offsets: range,
    format_: int,
    bodies: list[bytes],
    chosen: list[int],
) -> list[Publish]:
    """Publishes of the chosen bodies: one for all, or one each where each goes its own way."""
    if not chosen:
        return []
    headers = pump.settings.headers_set
    by_own_key = target.is_route and not target.key
    is_redrive = pump.ends is not None or pump.settings.to_origin
    rules = state.rules.named(pump.namespace, pump.settings.rules)
    if not headers and not by_own_key and not is_redrive and not rules:
        return [_publish(pump, target, block, offsets, format_, bodies, chosen)]
    commands: list[Publish] = []
    for at in chosen:
        own, body, where = format_, bodies[at], target
        if is_redrive:
            where, body = _sent_back(state, pump, target, format_, body)
        if headers:
            own, body = state.translator.with_headers(format_, body, headers)
        if by_own_key:
            where = Address(target.name, state.translator.route_key(format_, bodies[at]), True)
        parcel = Parcel(own, body, state.translator.fields(own, body, 0))
        fault = run(state, rules, parcel)
        if fault is not None:
            commands += _given_up(state, now_ms, pump, block, parcel, fault)
            continue
        command = _publish(pump, where, block, offsets, parcel.format, bodies, [at])
        command.bodies = [parcel.body]
        _direct(command, parcel, now_ms)
        commands.append(command)
    return commands


def _direct(command: Publish, parcel: Parcel, now_ms: int) -> None:
    """Where and when rules have it go."""
    if parcel.target:
        command.address = Address(parcel.target)
    if parcel.is_rekeyed:
        command.keys = None
    if parcel.priority >= 0:
        command.priorities = [parcel.priority]
    if parcel.deliver_in_ms > 0:
        command.due_ms = now_ms + parcel.deliver_in_ms
    if parcel.expires_in_ms >= 0:
        command.expires_ms = [max(now_ms, command.due_ms) + parcel.expires_in_ms]


def _given_up(
    state: "State", now_ms: int, pump: Pump, block: Block, parcel: Parcel, fault: Fault
) -> list[Publish]:
    """What a rule of the pump finds bad. Raises MessageInvalid where the pump is to give it up."""
    if fault.bad == "reject":
        raise MessageInvalid(fault.text)
    if fault.bad == "drop":
        return []
    command = letter_of(state, Letter(pump.stream, parcel, fault), now_ms, block.hops + 1)
    return [] if command is None else [command]


def _sent_back(
    state: "State", pump: Pump, target: Address, format_: int, body: bytes
) -> tuple[Address, bytes]:
    """Where the message goes, and its bytes: as before it died, if that is where it goes. Raises NoOrigin."""
    try:
        found = state.translator.revived(format_, body)
    except InvalidArgument:
        found = None  # unreadable: as it is
    if target is not HOME:
        return target, found[1] if found is not None and found[0] == target.name else body
    if found is None or (pump.namespace, found[0]) not in state.streams_named:
        place = "nobody knows where" if found is None else f"in {found[0]}, which is no stream here"
        raise NoOrigin(f"it died {place}: name a target")
    return Address(found[0]), found[1]


def _publish(
    pump: Pump,
    target: Address,
    block: Block,
    offsets: range,
    format_: int,
    bodies: list[bytes],
    chosen: list[int],
) -> Publish:
    command = Publish(pump.namespace, target, format_, [bodies[at] for at in chosen])
    command.hops = block.hops + 1
    first = offsets.start - block.offset
    if not block.packed:
        for name in ("expires_ms", "priorities", "keys"):
            column = getattr(block, name)
            if column is not None:
                setattr(command, name, [column[first + at] for at in chosen])
    return command


def decide_given_up(
    kernel: "Decisions", pump: Pump, load: Load, reason: str = "delivery_limit", text: str = ""
) -> list[Record]:
    """Records that put the one message of `load` where what cannot be carried goes, if it goes anywhere."""
    address = dead_letter_of(pump)
    if address is None:
        return []
    format_, bodies = messages_of(kernel.state, load.block, load.start, load.end)
    death = Death(reason, pump.stream.name, kernel.now_ms, address.key, text)
    try:
        lettered = kernel.state.translator.dead_letter(format_, bodies[0], death)
        if lettered is None:
            return []
        command = Publish(pump.namespace, address, lettered[0], [lettered[1]])
        command.hops = load.block.hops + 1
        return decide_moved(kernel.state, command, kernel.now_ms)[0]
    except KernelError:
        return []  # the address leads nowhere
