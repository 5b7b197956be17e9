"""Values of every AMQP type, for Hypothesis."""

from typing import Any

from hypothesis import strategies as st

from dragoman.wire.amqp10.values import (
    DECIMAL_BYTES,
    INTEGER_BITS,
    Array,
    Char,
    Described,
    Float,
    Symbol,
    ULong,
)


def integers(kind: type) -> st.SearchStrategy[Any]:
    bits, signed = INTEGER_BITS[kind]
    low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    edges = st.sampled_from([low, high, 0, 1, min(255, high), min(256, high), max(-128, low)])
    return (edges | st.integers(low, high)).map(kind)


def decimals(kind: type) -> st.SearchStrategy[Any]:
    return st.binary(min_size=DECIMAL_BYTES[kind], max_size=DECIMAL_BYTES[kind]).map(kind)


characters = st.characters(exclude_categories=["Cs"])
symbols = st.text(st.characters(max_codepoint=127), max_size=300).map(Symbol)
by_kind: dict[type, st.SearchStrategy[Any]] = {
    **{kind: integers(kind) for kind in INTEGER_BITS},
    **{kind: decimals(kind) for kind in DECIMAL_BYTES},
    type(None): st.none(),
    bool: st.booleans(),
    float: st.floats(allow_nan=False) | st.just(float("nan")),
    Float: (st.floats(width=32, allow_nan=False) | st.just(float("nan"))).map(Float),
    str: st.text(characters, max_size=300),
    bytes: st.binary(max_size=300),
    Symbol: symbols,
    Char: characters.map(Char),
}
scalars = st.one_of(*by_kind.values()) | st.uuids()
names = symbols | st.text(characters, max_size=20) | integers(ULong)


def arrays(kinds: dict[type, st.SearchStrategy[Any]]) -> st.SearchStrategy[Array]:
    def of(kind: type) -> st.SearchStrategy[Array]:
        descriptor = st.none() | symbols | integers(ULong)
        return st.builds(Array, st.just(kind), st.lists(kinds[kind], max_size=5), descriptor)

    return st.sampled_from(sorted(kinds, key=lambda kind: kind.__name__)).flatmap(of)


def compounds(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    lists = st.lists(inner, max_size=4)
    maps = st.dictionaries(names, inner, max_size=4)
    described = st.builds(Described, names, inner)
    kinds = {**by_kind, list: lists, dict: maps}
    return lists | maps | described | arrays(kinds) | arrays({Array: arrays(kinds)})


values = st.recursive(scalars, compounds, max_leaves=8)
