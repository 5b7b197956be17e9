from decimal import Decimal
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.kernel.filters.cases import LITERALS, VALUES, same

from dragoman.kernel.filters.values import MISSING, at_most, equal, identity_of, key_of, less
from dragoman.model.message import Typed

NAN = float("nan")


@settings(max_examples=300)
@given(LITERALS, LITERALS)
def test_keys_are_equal_exactly_when_values_are(left: object, right: object) -> None:
    assert (key_of(left) == key_of(right)) == same(left, right)
    assert equal(left, right) == same(left, right)


@given(VALUES)
def test_every_value_has_a_hashable_key(value: object) -> None:
    hash(key_of(value))
    hash(identity_of(value))


def test_a_missing_field_is_neither_equal_nor_in_order() -> None:
    assert equal(MISSING, 1) is None
    assert less(MISSING, 1) is None
    assert at_most(1, MISSING) is None


def test_numbers_are_in_order_across_their_types_and_with_nothing_else() -> None:
    assert less(1, 1.5) is True
    assert less(Decimal(2), 1.5) is False
    assert at_most(Decimal(1), 1) is True
    assert less(1, "2") is None
    assert less(1, True) is None
    assert less(False, True) is True
    assert less([1], [2]) is None
    assert less(UUID(int=1), UUID(int=2)) is None


def test_nan_equals_nothing_and_is_less_than_nothing() -> None:
    assert equal(NAN, NAN) is False
    assert less(NAN, Decimal(1)) is False
    assert at_most(Decimal(1), NAN) is False


def test_an_unknown_type_is_equal_to_nothing() -> None:
    thing = object()
    assert equal(thing, thing) is False


@given(st.sampled_from([1, 1.0, True, Decimal(1), Typed("i8", 1), "1", b"1"]))
def test_identity_tells_types_and_widths_apart(value: object) -> None:
    others = [1, 1.0, True, Decimal(1), Typed("i8", 1), Typed("u8", 1), "1", b"1"]
    assert sum(identity_of(value) == identity_of(other) for other in others) == 1


def test_the_identity_of_a_map_forgets_its_order_and_that_of_a_list_does_not() -> None:
    assert identity_of({"a": 1, "b": [2]}) == identity_of({"b": [2], "a": 1})
    assert identity_of([1, 2]) != identity_of([2, 1])
