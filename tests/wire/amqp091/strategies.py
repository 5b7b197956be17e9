"""Hypothesis strategies for AMQP 0-9-1: values of every kind, methods, tables, frames of a talk."""

from typing import Any

from hypothesis import strategies as st

from dragoman.wire.amqp091.fieldtable import Field, FieldTable
from dragoman.wire.amqp091.methodcodec import KINDS
from dragoman.wire.amqp091.methods import METHODS, Method

INTEGER_BITS = {"b": -8, "B": 8, "s": -16, "u": 16, "I": -32, "i": 32, "l": -64, "L": -64, "T": 64}
names = st.binary(max_size=20).map(lambda raw: raw.decode(errors="surrogateescape"))


def _integers(bits: int) -> st.SearchStrategy[int]:
    if bits > 0:
        return st.integers(0, 2**bits - 1)
    return st.integers(-(2 ** (-bits - 1)), 2 ** (-bits - 1) - 1)


plain_fields = st.one_of(
    *(st.builds(Field, st.just(letter), _integers(bits)) for letter, bits in INTEGER_BITS.items()),
    st.builds(Field, st.just("t"), st.booleans()),
    st.builds(Field, st.just("f"), st.floats(width=32, allow_nan=False)),
    st.builds(Field, st.just("d"), st.floats(allow_nan=False)),
    st.builds(Field, st.sampled_from("Sx"), st.binary(max_size=30)),
    st.builds(Field, st.just("D"), st.tuples(_integers(8), _integers(32))),
    st.just(Field("V", None)),
)
fields = st.recursive(
    plain_fields,
    lambda inner: st.one_of(
        st.builds(Field, st.just("A"), st.lists(inner, max_size=4)),
        st.builds(Field, st.just("F"), st.dictionaries(names, inner, max_size=4)),
    ),
    max_leaves=10,
)
tables: st.SearchStrategy[FieldTable] = st.dictionaries(names, fields, max_size=5)

# Names as clients write them, and never more bytes than a shortstr holds.
texts = st.text(st.characters(codec="utf-8"), max_size=40)

BY_KIND: dict[str, st.SearchStrategy[Any]] = {
    "bit": st.booleans(),
    "octet": _integers(8),
    "short": _integers(16),
    "long": _integers(32),
    "longlong": _integers(64),
    "shortstr": texts,
    "longstr": st.binary(max_size=60),
    "table": tables,
}


def method_of(cls: type[Method]) -> st.SearchStrategy[Any]:
    """Any value of one method class."""
    return st.builds(cls, *(BY_KIND[kind] for kind in KINDS[cls]))


methods = st.sampled_from(list(METHODS.values())).flatmap(method_of)
