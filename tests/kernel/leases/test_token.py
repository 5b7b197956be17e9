import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.kernel.leases.token import TOKEN_CHARS, Token, Tokens
from dragoman.model.errors import InvalidArgument

TOKENS = Tokens(b"k" * 32)
long = st.integers(0, (1 << 64) - 1)
short = st.integers(0, (1 << 32) - 1)
tokens = st.builds(Token, long, short, long, long, short, short)


@given(tokens)
def test_a_token_is_read_as_it_was_written(token: Token) -> None:
    text = TOKENS.write(token)
    assert len(text) == TOKEN_CHARS
    assert TOKENS.read(text) == token


@given(tokens, st.integers(0, TOKEN_CHARS - 2), st.sampled_from("Ab3_-"))
def test_a_changed_token_is_refused(token: Token, at: int, letter: str) -> None:
    text = TOKENS.write(token)
    changed = text[:at] + letter + text[at + 1 :]
    if changed != text:
        with pytest.raises(InvalidArgument):
            TOKENS.read(changed)


@given(st.text(max_size=TOKEN_CHARS + 2))
def test_any_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument):
        TOKENS.read(text)


@pytest.mark.parametrize("text", ["", "é" * TOKEN_CHARS, "=" * TOKEN_CHARS, "A" * TOKEN_CHARS])
def test_text_of_the_right_length_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument):
        TOKENS.read(text)


def test_a_token_of_another_broker_is_refused() -> None:
    text = Tokens(b"other key, other broker").write(Token(1, 0, 2, 3, 1, 1))
    with pytest.raises(InvalidArgument):
        TOKENS.read(text)
