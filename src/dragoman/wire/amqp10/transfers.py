"""Transfers and dispositions past the general tables. HOT: a transfer read in 1 us, written in 0.6.

What is spelled as all clients spell it is read here; anything else takes the way of `composites`, which alone knows the
errors, so that this way only ever has to give up. Written are full lists, as `composites` writes them.
"""

from struct import Struct
from struct import error as StructError  # noqa: N812
from typing import Any, Final

from dragoman.wire.amqp10.composites import from_bytes, to_bytes
from dragoman.wire.amqp10.messaging import ACCEPTED, RELEASED, Accepted
from dragoman.wire.amqp10.performatives import Disposition, Transfer

TAG_BYTES_MAX: Final = 32
_U32: Final = Struct(">I").unpack_from
_pack_u32: Final = Struct(">I").pack
_pack_start: Final = Struct(">IBBH").pack
_NULL: Final = 0x40
_TRUE: Final = 0x41
_FALSE: Final = 0x42
_ZERO: Final = 0x43
_SMALL: Final = 0x52
_UINT: Final = 0x70
TRANSFER_HEAD: Final = b"\x00\x53\x14\xc0"
DISPOSITION_HEAD: Final = b"\x00\x53\x15\xc0"
_ACCEPTED_FORMS: Final = (b"\x00\x53\x24\x45", b"\x00\x53\x24\xc0\x01\x00")
_UNSAID: Final = -1


def read_transfer(data: bytes, at: int) -> tuple[Transfer, int]:
    """The transfer whose described list begins at `at`, and where its payload begins. Raises DecodeError."""
    if data.startswith(TRANSFER_HEAD, at):
        try:
            found = _read_plain(data, at + 4)
        except (IndexError, StructError):
            found = None
        if found is not None:
            return found
    value, end = from_bytes(data, at)
    return value, end


def _read_plain(  # noqa: C901, PLR0912, PLR0915 (one walk over one list: calls would cost more)
    data: bytes, at: int
) -> tuple[Transfer, int] | None:
    """As `read_transfer`; None where a field is not spelled as usual."""
    end: int = at + 1 + data[at]
    count: int = data[at + 1]
    numbers = [_UNSAID, _UNSAID, _UNSAID]  # handle, delivery id, format
    tag: bytes | None = None
    pos: int = at + 2
    for index in range(min(count, 4)):
        code: int = data[pos]
        if index == 2:
            if code == 0xA0:
                stop: int = pos + 2 + data[pos + 1]
                tag = data[pos + 2 : stop]
                pos = stop
                continue
        else:
            slot: int = 2 if index == 3 else index
            if code == _ZERO:
                numbers[slot] = 0
                pos += 1
                continue
            if code == _SMALL:
                numbers[slot] = data[pos + 1]
                pos += 2
                continue
            if code == _UINT:
                numbers[slot] = _U32(data, pos + 1)[0]
                pos += 5
                continue
        if code != _NULL:
            return None
        pos += 1
    flags: int = 0  # one bit for each true among settled, more, -, -, resume, aborted, batchable
    settled: bool | None = None
    for index in range(4, count):
        code = data[pos]
        if code == _TRUE and index not in (6, 7):
            flags |= 1 << (index - 4)
            if index == 4:
                settled = True
        elif code == _FALSE and index not in (6, 7):
            if index == 4:
                settled = False
        elif code != _NULL:
            return None
        pos += 1
    if pos != end or numbers[0] < 0 or count > 11:
        return None
    transfer = Transfer(
        numbers[0],
        None if numbers[1] < 0 else numbers[1],
        tag,
        None if numbers[2] < 0 else numbers[2],
        settled,
        flags & 2 != 0,
        None,
        None,
        flags & 16 != 0,
        flags & 32 != 0,
        flags & 64 != 0,
    )
    return transfer, end


def read_disposition(data: bytes, at: int) -> Disposition:
    """The disposition whose described list begins at `at`. Raises DecodeError."""
    if data.startswith(DISPOSITION_HEAD, at):
        try:
            found = _read_plain_disposition(data, at + 4)
        except (IndexError, StructError):
            found = None
        if found is not None:
            return found
    value: Any = from_bytes(data, at)[0]
    disposition: Disposition = value
    return disposition


def _read_plain_disposition(  # noqa: C901, PLR0912 (as above)
    data: bytes, at: int
) -> Disposition | None:
    """Role, first, last, settled and an accepted; None where it is anything else."""
    end: int = at + 1 + data[at]
    count: int = data[at + 1]
    role: int = data[at + 2]
    if count < 5 or count > 6 or role not in (_TRUE, _FALSE):
        return None
    numbers = [0, _UNSAID]
    pos: int = at + 3
    for slot in range(2):
        code: int = data[pos]
        if code == _UINT:
            numbers[slot] = _U32(data, pos + 1)[0]
            pos += 5
        elif code == _SMALL:
            numbers[slot] = data[pos + 1]
            pos += 2
        elif code == _ZERO:
            numbers[slot] = 0
            pos += 1
        elif code == _NULL and slot:
            pos += 1
        else:
            return None
    settled: int = data[pos]
    if settled not in (_TRUE, _FALSE, _NULL):
        return None
    pos += 1
    for form in _ACCEPTED_FORMS:
        if data.startswith(form, pos):
            pos += len(form)
            break
    else:
        return None
    batchable: bool = False
    if count == 6:
        if data[pos] not in (_TRUE, _FALSE, _NULL):
            return None
        batchable = data[pos] == _TRUE
        pos += 1
    if pos != end:
        return None
    last = None if numbers[1] < 0 else numbers[1]
    return Disposition(role == _TRUE, numbers[0], last, settled == _TRUE, ACCEPTED, batchable)


# --- outgoing ---


class TransferTemplate:
    """Writes the transfers of one link: what all of them share is put together once.

    | size | channel | 00 53 14 c0 n 11 | handle | delivery-id | tag | format 0, settled, more, ... | payload |
    """

    __slots__ = ("_channel", "_head", "_more", "_tails", "frame_bytes_max")

    def __init__(self, channel: int, handle: int, frame_bytes_max: int) -> None:
        self._channel = _pack_start(0, 2, 0, channel)[4:]
        self._head = b"\x70" + _pack_u32(handle) + b"\x70"
        rest = b"\x40\x40\x42\x42\x42"  # rcv-settle-mode, state, resume, aborted, batchable
        self._tails = {
            (settled, more): b"\x43" + _bool(settled) + _bool(more) + rest
            for settled in (False, True)
            for more in (False, True)
        }
        go_on = b"\x70" + _pack_u32(handle) + b"\x40\x40\x40\x40"
        self._more = tuple(
            TRANSFER_HEAD + bytes((len(go_on) + 7, 11)) + go_on + _bool(more) + rest
            for more in (False, True)
        )
        self.frame_bytes_max = frame_bytes_max

    def write(self, delivery_id: int, tag: bytes, settled: bool, payload: bytes) -> list[bytes]:
        """The frames of one delivery: one, or as many as the peer's largest frame makes of it."""
        tag_bytes: int = len(tag)
        opening = (
            TRANSFER_HEAD
            + bytes((21 + tag_bytes, 11))
            + self._head
            + _pack_u32(delivery_id)
            + bytes((0xA0, tag_bytes))
            + tag
        )
        room: int = self.frame_bytes_max - 8 - len(opening) - 8
        size: int = len(payload)
        if size <= room:
            total: int = 8 + len(opening) + 8 + size
            tail = self._tails[settled, False]
            return [_pack_u32(total) + self._channel + opening + tail + payload]
        frames = [self._frame(opening + self._tails[settled, True], payload[:room])]
        pos: int = room
        room = self.frame_bytes_max - 8 - len(self._more[0])
        while pos < size:
            stop: int = pos + room
            frames.append(self._frame(self._more[1 if stop < size else 0], payload[pos:stop]))
            pos = stop
        return frames

    def _frame(self, opening: bytes, payload: bytes) -> bytes:
        size: int = 8 + len(opening) + len(payload)
        return _pack_u32(size) + self._channel + opening + payload


def _bool(value: bool) -> bytes:
    return b"\x41" if value else b"\x42"


_STATES: Final = {Accepted: to_bytes(ACCEPTED), type(RELEASED): to_bytes(RELEASED)}


def disposition_frame(
    channel: int, role: bool, first: int, last: int, settled: bool, state: Any
) -> bytes:
    """What became of deliveries first to last."""
    known = _STATES.get(type(state))
    if known is None:
        body = to_bytes(Disposition(role, first, last, settled, state))
        return _pack_start(8 + len(body), 2, 0, channel) + body
    fields = (
        _bool(role)
        + b"\x70"
        + _pack_u32(first)
        + b"\x70"
        + _pack_u32(last)
        + _bool(settled)
        + known
        + b"\x42"
    )
    size: int = 8 + 6 + len(fields)
    head = DISPOSITION_HEAD + bytes((len(fields) + 1, 6))
    return _pack_start(size, 2, 0, channel) + head + fields
