"""Every composite of the standard, by its table."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wire.amqp10.strategies import symbols, values

from dragoman.wire.amqp10 import errors, messaging, performatives
from dragoman.wire.amqp10.composites import (
    LAYOUTS,
    Composite,
    Layout,
    from_bytes,
    from_described,
    to_bytes,
)
from dragoman.wire.amqp10.decode import DecodeError, decode_whole
from dragoman.wire.amqp10.encode import NotEncodable, encode
from dragoman.wire.amqp10.values import Array, Described, Symbol, UInt, ULong, identical

FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "string": st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    "symbol": symbols,
    "boolean": st.booleans(),
    "ubyte": st.integers(0, 255),
    "ushort": st.integers(0, 65_535),
    "uint": st.integers(0, (1 << 32) - 1),
    "ulong": st.integers(0, (1 << 64) - 1),
    "timestamp": st.integers(-(1 << 63), (1 << 63) - 1),
    "binary": st.binary(max_size=20),
    "symbols": st.lists(symbols, max_size=3).map(tuple),
    "fields": st.dictionaries(symbols, values, max_size=3),
    "map": st.dictionaries(st.text("ab"), values, max_size=3),
    "*": st.none() | st.text("ab"),
    "message-id": st.none() | st.uuids() | st.text("ab") | st.binary(max_size=3),
    "composite": st.none() | st.just(messaging.Accepted()),
}


@st.composite
def made(draw: st.DrawFn) -> Composite:
    layout = draw(st.sampled_from(list(LAYOUTS.values())))
    said = {}
    for name, kind, required in layout.fields:
        if required or draw(st.booleans()):
            said[name] = draw(FIELDS[kind.name])
    return layout.kind(**said)


@given(made())
def test_what_is_written_is_read_again(value: Composite) -> None:
    data = to_bytes(value)
    found, end = from_bytes(data + b"tail")
    assert end == len(data) and type(found) is type(value)
    for name, _, _ in LAYOUTS[type(value)].fields:
        assert identical(plain(getattr(found, name)), plain(getattr(value, name))), name


def plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(map(str, value))
    return str(value) if isinstance(value, Symbol) else value


def test_lists_are_written_in_full() -> None:
    for layout in LAYOUTS.values():
        said = {name: example(kind.name) for name, kind, required in layout.fields if required}
        described = decode_whole(to_bytes(layout.kind(**said)))
        assert len(described.value) == len(layout.fields), layout.name


def example(kind: str) -> Any:
    return {"string": "", "symbol": "", "binary": b"", "symbols": (), "boolean": True}.get(kind, 1)


def test_a_list_may_end_early_and_its_descriptor_be_a_symbol() -> None:
    short = Described(Symbol("amqp:open:list"), ["me"])
    found = from_described(short)
    assert found == performatives.Open("me") and found.max_frame_size == 0xFFFF_FFFF
    assert from_described(Described(ULong(0x24), [])) == messaging.Accepted()


def test_one_symbol_stands_for_an_array_of_it() -> None:
    for value in (Symbol("PLAIN"), Array(Symbol, [Symbol("PLAIN")])):
        data = b"\x00\x53\x40" + encode([value])
        assert from_bytes(data)[0].sasl_server_mechanisms == ("PLAIN",)


def test_composites_stand_inside_each_other() -> None:
    attach = performatives.Attach(
        "link",
        0,
        True,
        source=messaging.Source("q", filter={Symbol("f"): Described(ULong(1), "x")}),
        target=messaging.Coordinator(("amqp:local-transactions",)),
    )
    assert from_bytes(to_bytes(attach))[0] == attach


def test_what_nobody_knows_stays_as_it_is() -> None:
    strange = Described(ULong(0x1234), ["x"])
    transfer = performatives.Transfer(0, state=strange)
    assert from_bytes(to_bytes(transfer))[0].state == strange
    assert from_bytes(encode("text"))[0] == "text"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Described(ULong(0x10), []), "container_id is missing"),
        (Described(ULong(0x10), [None]), "container_id is missing"),
        (Described(ULong(0x10), [Symbol("x")]), "container_id is no string"),
        (Described(ULong(0x10), ["x", None, ULong(3)]), "max_frame_size is no uint"),
        (Described(ULong(0x24), [1]), "has 0 fields, not 1"),
        (Described(ULong(0x24), "x"), "is no list"),
        (Described(ULong(0x18), ["x"]), "error is no composite"),
        (Described(ULong(0x13), [None, *[UInt(1)] * 3, *[None] * 6, {1: 1}]), "is no fields"),
    ],
)
def test_what_does_not_fit_the_table_is_told(value: Described, text: str) -> None:
    with pytest.raises(DecodeError, match=text):
        from_bytes(encode(value))


def test_a_field_out_of_range_is_refused_by_name() -> None:
    with pytest.raises(NotEncodable, match="handle"):
        to_bytes(performatives.Transfer(-1))
    with pytest.raises(NotEncodable, match="condition"):
        to_bytes(errors.Error("é"))


def test_each_descriptor_is_known_by_number_and_by_name() -> None:
    assert {layout.code: layout.name for layout in LAYOUTS.values()} == {
        **dict(zip(range(0x10, 0x19), PERFORMATIVES, strict=True)),
        0x1D: "amqp:error:list",
        0x70: "amqp:header:list",
        0x73: "amqp:properties:list",
        0x23: "amqp:received:list",
        0x24: "amqp:accepted:list",
        0x25: "amqp:rejected:list",
        0x26: "amqp:released:list",
        0x27: "amqp:modified:list",
        0x28: "amqp:source:list",
        0x29: "amqp:target:list",
        0x30: "amqp:coordinator:list",
        0x31: "amqp:declare:list",
        0x32: "amqp:discharge:list",
        0x33: "amqp:declared:list",
        0x34: "amqp:transactional-state:list",
        0x40: "amqp:sasl-mechanisms:list",
        0x41: "amqp:sasl-init:list",
        0x42: "amqp:sasl-challenge:list",
        0x43: "amqp:sasl-response:list",
        0x44: "amqp:sasl-outcome:list",
    }
    assert all(isinstance(layout, Layout) for layout in LAYOUTS.values())


PERFORMATIVES = [
    f"amqp:{name}:list"
    for name in [
        "open",
        "begin",
        "attach",
        "flow",
        "transfer",
        "disposition",
        "detach",
        "end",
        "close",
    ]
]


def test_a_descriptor_of_any_type_is_let_be() -> None:
    data = b"\0\x45\x40"
    value, end = from_bytes(data)
    assert (type(value), end) == (Described, 3)
