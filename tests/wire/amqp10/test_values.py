from uuid import UUID

from dragoman.wire.amqp10.values import (
    KINDS,
    Array,
    Described,
    Float,
    Symbol,
    Timestamp,
    UInt,
    ULong,
    identical,
)


def test_a_subclass_equals_what_it_is_made_of_and_is_not_identical_to_it() -> None:
    assert Symbol("a") == "a" and not identical(Symbol("a"), "a")
    assert UInt(1) == 1 and not identical(UInt(1), ULong(1))
    names: dict[str, int] = {Symbol("a"): 1}
    assert names["a"] == 1


def test_identity_looks_into_compounds_and_at_signs() -> None:
    assert identical([UInt(1), {"a": 1}], [UInt(1), {"a": 1}])
    assert not identical([UInt(1)], [1])
    assert not identical({"a": 1, "b": 2}, {"b": 2, "a": 1})
    assert not identical(0.0, -0.0) and identical(float("nan"), float("nan"))
    assert not identical(Array(UInt, []), Array(ULong, []))
    assert Described("d", [1]) == Described("d", [1]) != Described("e", [1])
    assert Array(int, [1]) == Array(int, [1]) != Array(int, [1], "d")
    assert len({Described("d", [1]), Described("d", [1]), Array(int, [1])}) == 2


def test_the_set_is_closed() -> None:
    assert len(KINDS) == 25
    assert {UUID, Timestamp, Float, Described} <= KINDS
    assert "Described('d', 1)" in repr(Described("d", 1)) and "int" in repr(Array(int, []))
