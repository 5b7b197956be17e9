import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.kernel.filters.cel.parser import (
    CHAIN_MAX,
    DEPTH_MAX,
    SOURCE_BYTES_MAX,
    TERMS_MAX,
    parse,
)
from dragoman.kernel.filters.cel.syntax import (
    Call,
    Entries,
    Identifier,
    Items,
    Literal,
    Member,
    Node,
)
from dragoman.model.errors import InvalidArgument


def shape(node: Node) -> str:
    """In parentheses, operators in front."""
    match node:
        case Literal(_, _, value):
            return repr(value)
        case Identifier(_, name):
            return name
        case Member(_, of, name):
            return f"{shape(of)}.{name}"
        case Items(_, items):
            return f"[{' '.join(map(shape, items))}]"
        case Entries(_, entries):
            return f"{{{' '.join(f'{shape(key)}:{shape(value)}' for key, value in entries)}}}"
        case Call(_, name, operands, target):
            given_ = operands if target is None else (target, *operands)
            return f"({' '.join([name, *map(shape, given_)])})"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", "(_+_ 1 (_*_ 2 3))"),
        ("1 - 2 - 3", "(_-_ (_-_ 1 2) 3)"),
        ("a || b && c == d", "(_||_ a (_&&_ b (_==_ c d)))"),
        ("a && b && c", "(_&&_ a b c)"),
        ("a ? b : c ? d : e", "(_?_:_ a b (_?_:_ c d e))"),
        ("!a.b[0].c(1)", "(!_ (c (_[_] a.b 0) 1))"),
        ("-1 - -a", "(_-_ -1 (-_ a))"),
        ("x in [1, 2,]", "(@in x [1 2])"),
        ("{'a': 1, 2: {},}", "{'a':1 2:{}}"),
        ("f(a, b)", "(f a b)"),
        (".a.in.`x-y`", "a.in.x-y"),
        ("-9223372036854775808", "-9223372036854775808"),
    ],
)
def test_operators_bind_as_the_grammar_says(text: str, expected: str) -> None:
    assert shape(parse(text)) == expected


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("", 1), ("a b", 3), ("a &&", 5), ("(a", 3), ("[1, 2", 6), ("a ? b", 6), ("a.1", 2), ("if", 1), ("a.b(", 5),
        ("{'a' 1}", 6), ("f(1,)", 5), ("9223372036854775808", 1), ("Type{a: 1}", 5), ("a in", 5), ("a.'b'", 3),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_where_it_stands(text: str, column: int) -> None:
    with pytest.raises(InvalidArgument, match=rf"CEL, line 1, column {column}: "):
        parse(text)


def test_every_bound_is_one() -> None:
    for text, said in (
        ("'" + "a" * SOURCE_BYTES_MAX + "'", "bytes"),
        ("(" * DEPTH_MAX + "1" + ")" * DEPTH_MAX, "inside"),
        ("-" * DEPTH_MAX + "a", "inside"),
        ("+".join(["1"] * (CHAIN_MAX + 2)), "in a row"),
        ("a" + ".b" * (CHAIN_MAX + 1), "in a row"),
        ("[" + "1," * TERMS_MAX + "]", "words"),
    ):
        with pytest.raises(InvalidArgument, match=said):
            parse(text)
    parse("+".join(["1"] * (CHAIN_MAX + 1)))
    parse(" && ".join(["a"] * 400))


PIECES = "a msg h.x 1 2u .5 'a' b'' ( ) [ ] { } , : ? . && || ! - + * / % == != < in true null has( exists( // \\ \n"


@given(
    st.lists(st.sampled_from(PIECES.split(" ")) | st.text(max_size=2), max_size=12).map(" ".join)
)
def test_any_text_is_an_expression_or_refused(text: str) -> None:
    try:
        found = parse(text)
    except InvalidArgument:
        return
    assert shape(found)
