"""Every record comes back as it was written, also one written before its last fields were there."""

import contextlib
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.kernel.framing import decode, encode
from dragoman.kernel.records import AnyRecord, Published, Record
from dragoman.kernel.replay import APPLY

KINDS: list[type[Record]] = list(get_args(AnyRecord))


def test_every_kind_has_a_tag_of_its_own_and_somebody_who_carries_it_out() -> None:
    tags = [kind.__struct_config__.tag for kind in KINDS]
    assert len(set(tags)) == len(KINDS)
    assert set(APPLY) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: str(kind.__name__))
def test_fields_with_a_default_stand_behind_all_others(kind: type[Record]) -> None:
    required = [field.required for field in msgspec.structs.fields(kind)]
    assert required == sorted(required, reverse=True)


def sample(kind: type[Any]) -> Any:
    """A record with every required field filled in its simplest way."""
    return msgspec.convert([kind.__struct_config__.tag, *map(simplest, required_of(kind))], kind)


def required_of(kind: type[Any]) -> list[Any]:
    return [field.type for field in msgspec.structs.fields(kind) if field.required]


def simplest(wanted: Any) -> Any:
    value: Any
    for value in (1, "x", True, [], {}, None, b"x", b"0123456789abcdef", [[]], [1]):
        try:
            msgspec.convert(value, wanted)
        except msgspec.ValidationError:
            continue
        return value
    name = [field for field in msgspec.structs.fields(wanted) if field.required]
    if wanted.__struct_config__.array_like:
        return [simplest(field.type) for field in name]
    return {field.name: simplest(field.type) for field in name}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: str(kind.__name__))
def test_a_record_comes_back_as_it_was(kind: type[Record]) -> None:
    record = sample(kind)
    assert decode(encode([record, record])) == [record, record]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: str(kind.__name__))
def test_a_record_from_before_its_last_fields_has_their_defaults(kind: type[Record]) -> None:
    """An array that ends earlier: as an older version wrote it."""
    record = sample(kind)
    whole = msgspec.msgpack.decode(msgspec.msgpack.encode(record))
    old = msgspec.msgpack.encode(whole[: 1 + len(required_of(kind))])
    assert msgspec.msgpack.decode(old, type=kind) == record


@given(
    bodies=st.lists(st.binary(max_size=40_000), max_size=4),
    expires=st.none() | st.just([1, 2]),
)
def test_bodies_of_any_size_come_back(bodies: list[bytes], expires: list[int] | None) -> None:
    record = Published((), 0, bodies, 0, 5, expires)
    assert decode(encode([record])) == [record]


@given(st.binary(max_size=200))
def test_bytes_that_are_not_ours_are_refused(payload: bytes) -> None:
    with contextlib.suppress(msgspec.MsgspecError, ValueError):
        assert decode(payload) is not None
