"""The loss rule: what a protocol could not say about a message travels beside it in one header, `dragoman-meta`.

    {"h": [[index, name, digest | null, [type, value]], ...],      headers, by their index in the message
     "f": [[field, digest | null, [type, value]], ...]}            fields

An entry says what the message really has. Its digest is of the native value that was written instead; null means that
nothing was. When the message comes back in, an entry is believed only while the native value is still the one we wrote,
so that an app's edit wins. Compact ASCII JSON of at most META_BYTES_MAX. Unknown keys and fields, and entries whose
value does not suit their field, are ignored: a client may write this header too. What must not come from a client
(`user`, origin, delivery state) is not among CARRIED_FIELDS and so is neither written nor read.

This module knows no protocol: it is given the message, and what the protocol made of it.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from dragoman.formats.errors import FormatError
from dragoman.formats.eventdata import read_time_ms, write_json
from dragoman.formats.values import digest_of, dump_json, from_json, to_json
from dragoman.model.message import CARRIED_FIELDS, Header, Message, Value, differences, identical

META_NAME: Final = "dragoman-meta"
META_BYTES_MAX: Final = 8 * 1024

HeaderEntry = tuple[int, str, str | None, Value]
FieldEntry = tuple[str, str | None, Value]


def describe_loss(
    message: Message, parsed: Message, placed: Sequence[int], unsaid: Sequence[str] = ()
) -> str | None:
    """The meta that turns `parsed`, our own output read again, back into `message`; None when nothing was lost.

    `placed` are the indices of the headers that were written natively, in order: `parsed.headers` are exactly these.
    `unsaid` fields count as said by the target where `message` has None.
    """
    assert len(placed) == len(parsed.headers), "a header we wrote was taken for something else"
    fields = [
        [name, _native_digest(name, getattr(parsed, name)), to_json(getattr(message, name))]
        for name in differences(message, parsed)
        if not (name in unsaid and getattr(message, name) is None)
    ]
    headers = _lost_headers(message.headers, parsed.headers, placed)
    if not fields and not headers:
        return None
    return dump_json(({"h": headers} if headers else {}) | ({"f": fields} if fields else {}))


def _lost_headers(
    headers: Sequence[Header], parsed: Sequence[Header], placed: Sequence[int]
) -> list[list[Any]]:
    native = dict(zip(placed, parsed, strict=True))
    found: list[list[Any]] = []
    for index, (name, value) in enumerate(headers):
        written = native.get(index)
        if written is None:
            found.append([index, name, None, to_json(value)])
        elif not identical(value, written[1]):
            found.append([index, name, digest_of(written[1]), to_json(value)])
    return found


def _native_digest(name: str, native: Value) -> str | None:
    if native is None:
        return None
    return digest_of(_with_moment(native) if name == "event" else native)


def _with_moment(event: dict[str, Value]) -> dict[str, Value]:
    """The attributes with their time as a number: clients that pass an event on spell the moment in their own way."""
    try:
        return {**event, "time": read_time_ms(write_json(event["time"]))}
    except (KeyError, FormatError, TypeError):
        return event


def describe_created_at(created_at_ms: int) -> str:
    """What `describe_loss` says when nothing but the milliseconds of the sender's clock were lost."""
    return f"{_before_time(created_at_ms - created_at_ms % 1000)}{created_at_ms}]]]}}"


@lru_cache(maxsize=1024)
def _before_time(floored_ms: int) -> str:
    return f'{{"f":[["created_at_ms","{digest_of(floored_ms)}",["i64",'


# Coming back


def read_meta(text: str | bytes) -> tuple[list[HeaderEntry], list[FieldEntry]] | None:
    """The entries of a meta header; None when it is not one of ours."""
    if len(text) > META_BYTES_MAX:
        return None
    try:
        found = json.loads(text)
        headers = [_header_entry(entry) for entry in found.get("h", ())]
        fields = [_field_entry(entry) for entry in found.get("f", ())]
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None
    return headers, [entry for entry in fields if entry is not None]


# Plain tests of type: match statements do not survive the compiler of the hot path.


def _header_entry(entry: Any) -> HeaderEntry:
    if type(entry) is not list or len(entry) != 4:
        raise ValueError("not a header's entry")
    index, name, digest, typed = entry
    if type(index) is not int or index < 0 or type(name) is not str or not _is_digest(digest):
        raise ValueError("not a header's entry")
    return index, name, digest, from_json(typed)


def _field_entry(entry: Any) -> FieldEntry | None:
    if type(entry) is not list or len(entry) != 3:
        raise ValueError("not a field's entry")
    name, digest, typed = entry
    if type(name) is not str or not _is_digest(digest):
        raise ValueError("not a field's entry")
    value = from_json(typed)
    if name not in CARRIED_FIELDS or not suits_field(name, value):
        return None
    return name, digest, tuple(value) if name == "trace" and value is not None else value


def _is_digest(digest: Any) -> bool:
    return digest is None or type(digest) is str


def apply_meta(
    message: Message, headers: Sequence[HeaderEntry], fields: Sequence[FieldEntry]
) -> None:
    """Restore in `message`, fresh from a protocol's bytes, what apps on the way have not changed."""
    for name, digest, value in fields:
        if _native_digest(name, getattr(message, name)) == digest:
            setattr(message, name, value)
    if headers:
        message.headers = _restore_headers(message.headers, headers)


def _restore_headers(native: Sequence[Header], entries: Sequence[HeaderEntry]) -> list[Header]:
    found = list(native)
    places = _places(native, entries)
    ordered = sorted(entries, key=_index_of)
    absent_before = 0
    for index, name, digest, value in ordered:
        if digest is None:
            absent_before += 1
            continue
        at = _take(places.get((name, digest)), index - absent_before)
        if at >= 0:
            found[at] = (name, value)
    for index, name, digest, value in ordered:
        if digest is None:
            found.insert(index, (name, value))
    return found


def _index_of(entry: HeaderEntry) -> int:
    return entry[0]


def _places(
    headers: Sequence[Header], entries: Sequence[HeaderEntry]
) -> dict[tuple[str, str], dict[int, None]]:
    """Where the headers stand that entries speak of, by name and digest."""
    names = {name for _, name, digest, _ in entries if digest is not None}
    places: dict[tuple[str, str], dict[int, None]] = {}
    for at, (name, value) in enumerate(headers):
        if name in names:
            places.setdefault((name, digest_of(value)), {})[at] = None
    return places


def _take(places: dict[int, None] | None, expected: int) -> int:
    """The place where a header is expected, else the first one left; -1 when there is none."""
    if not places:
        return -1
    at = expected if expected in places else next(iter(places))
    del places[at]
    return at


# What each field may hold


def suits_field(name: str, value: Value) -> bool:
    """Whether `value`, as bytes from outside gave it (a list for a tuple), may stand in that field."""
    suits = _SUITS.get(name)
    return suits is not None and (
        suits(value) or (value is None and name not in ("shape", "stored_at_us"))
    )


def _is_text(value: Value) -> bool:
    return type(value) is str


def _is_time(value: Value) -> bool:
    return type(value) is int


def _is_scalar(value: Value) -> bool:
    return not isinstance(value, list | dict)


def _is_trace(value: Value) -> bool:
    return (
        type(value) is list
        and len(value) == 2
        and _is_text(value[0])
        and (value[1] is None or _is_text(value[1]))
    )


def _is_rest(value: Value) -> bool:
    return type(value) is dict and all(type(item) is bytes for item in value.values())


def _is_origin(value: Value) -> bool:
    return type(value) is list and list(map(type, value)) == [str, str, int, str]


def _is_event(value: Value) -> bool:
    return type(value) is dict and all(
        _is_scalar(item) and item is not None for item in value.values()
    )


_SUITS: Final[Mapping[str, Callable[[Value], bool]]] = dict.fromkeys(CARRIED_FIELDS, _is_text) | {
    "body": lambda value: type(value) is bytes,
    "shape": lambda value: value in ("data", "value", "sequence", "none"),
    "key": lambda value: type(value) is bytes,
    "correlation": _is_scalar,
    "created_at_ms": _is_time,
    "deliver_at_ms": _is_time,
    "expires_at_ms": _is_time,
    "priority": lambda value: type(value) is int and 0 <= value <= 255,
    "durable": lambda value: type(value) is bool,
    "event": _is_event,
    "trace": _is_trace,
    "rest": _is_rest,
    "user": _is_text,
    "stored_at_us": _is_time,
    "origin": _is_origin,
}
