from dragoman.kernel.filters.cel.functions import (
    FUNCTIONS,
    METHODS,
    OPERATORS,
    agree,
    fits,
    joined,
    resolve,
)
from dragoman.kernel.filters.expressions import (
    BOOL,
    DOUBLE,
    DYN,
    INT,
    LIST,
    NULL,
    STRING,
    UINT,
    Type,
)

TEXTS = Type("list", (STRING,))


def test_a_result_is_known_as_far_as_the_operands_are() -> None:
    assert resolve(OPERATORS["_+_"], [INT, INT]) == INT
    assert resolve(OPERATORS["_+_"], [DYN, INT]) == INT
    assert resolve(OPERATORS["_+_"], [DYN, DYN]) == DYN
    assert resolve(OPERATORS["_+_"], [INT, DOUBLE]) is None
    assert resolve(OPERATORS["_+_"], [TEXTS, TEXTS]) == TEXTS
    assert resolve(OPERATORS["_+_"], [TEXTS, LIST]) == LIST
    assert resolve(OPERATORS["_[_]"], [TEXTS, INT]) == STRING
    assert resolve(OPERATORS["_<_"], [INT, UINT]) == BOOL
    assert resolve(FUNCTIONS["size"], [STRING]) == INT
    assert resolve(METHODS["getHours"], [STRING]) is None


def test_values_may_be_equal_where_their_types_agree() -> None:
    assert agree(INT, DOUBLE)
    assert agree(NULL, STRING)
    assert agree(TEXTS, LIST)
    assert not agree(TEXTS, Type("list", (INT,)))
    assert not agree(BOOL, INT)
    assert fits(DYN, INT)
    assert not fits(INT, DOUBLE)
    assert joined([INT, INT]) == INT
    assert joined([INT, STRING]) == joined([]) == DYN
