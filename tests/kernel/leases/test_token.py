from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.runtime.engine import Engine
from tests.runtime.node import declare, publish

from dragoman.kernel.commands import DeleteQueue, Lease, Renew, Settle
from dragoman.kernel.leases.peek import FindLease
from dragoman.kernel.leases.token import TOKEN_CHARS, Token, Tokens
from dragoman.model.errors import InvalidArgument, LeaseExpired, SubscriptionNotFound
from dragoman.runtime.session import BrokerSession

TOKENS = Tokens(b"k" * 32)
long = st.integers(0, (1 << 64) - 1)
short = st.integers(0, (1 << 32) - 1)
tokens = st.builds(Token, long, short, long, long, short, short)


@given(tokens)
def test_a_token_is_read_as_it_was_written(token: Token) -> None:
    text = TOKENS.write(token)
    assert len(text) == TOKEN_CHARS
    assert TOKENS.read(text) == token


@given(tokens, st.integers(0, TOKEN_CHARS - 1), st.sampled_from("Ab3_-"))
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


# --- clients that keep no connection, as of SQS ---


class Client:
    """Each request is a session of its own; what it knows is the text of a token."""

    def __init__(self, engine: Engine, **more: Any) -> None:
        self.engine = engine
        self.node = engine.start()
        self.session = self.request()
        if more.get("name"):
            declare(self.session, **more)

    def request(self) -> BrokerSession:
        self.node.settle()
        return self.node.connect()

    def tokens(self) -> Tokens:
        return Tokens(self.request().secret("receipts"))

    def receive(self, duration_ms: int = 30_000) -> str | None:
        session = self.request()
        found = session.submit(Lease(name="q", lease_duration_ms=duration_ms))
        self.node.broker.close(session)
        if not found:
            return None
        (one,) = found
        number, tries = one.holder.subscription.id, one.tries[0] if one.tries else 0
        token = Token(number, 0, one.start, one.holder.id, tries + 1, session.incarnation())
        return self.tokens().write(token)

    def delete(self, text: str, *, strict: bool = False) -> int:
        token = self.tokens().read(text)
        runs = [(token.offset, token.offset + 1)]
        command = Settle(token.subscription, token.partition, token.holder, runs, "ack")
        command.strict = strict
        return self.request().settle(command).settled

    def change(self, text: str, duration_ms: int) -> None:
        token = self.tokens().read(text)
        runs = [(token.offset, token.offset + 1)]
        if duration_ms:
            command = Renew(
                subscription=token.subscription,
                partition=token.partition,
                holder=token.holder,
                runs=runs,
                lease_duration_ms=duration_ms,
            )
            self.request().submit(command)
        else:
            settle = Settle(token.subscription, token.partition, token.holder, runs, "release")
            settle.strict, settle.failed, settle.delay_ms = True, True, 0
            self.request().settle(settle)

    def state(self, text: str) -> str:
        token = self.tokens().read(text)
        command = FindLease(
            subscription=token.subscription,
            partition=token.partition,
            offset=token.offset,
            holder=token.holder,
        )
        found: str = self.request().submit(command).state
        return found

    def wait(self, time_ms: int) -> None:
        self.node.settle()
        self.node.clock.now_ms += time_ms
        self.node.settle()


def test_of_two_tokens_of_a_message_the_newest_counts() -> None:
    client = Client(Engine(), name="q")
    publish(client.session, "q", b"1")
    old = client.receive(1_000)
    client.wait(1_000)
    new = client.receive()
    assert old is not None and new is not None and old != new
    assert client.delete(old) == 0
    with pytest.raises(LeaseExpired):
        client.delete(old, strict=True)
    with pytest.raises(LeaseExpired):
        client.change(old, 5_000)
    with pytest.raises(LeaseExpired):
        client.change(old, 0)
    assert client.state(old) == "LEASED"
    assert client.delete(new) == 1
    assert client.delete(new) == 0, "twice"
    assert client.state(new) == "DONE"


def test_a_lease_is_made_longer_shorter_or_given_up_by_its_token() -> None:
    client = Client(Engine(), name="q")
    publish(client.session, "q", b"1")
    text = client.receive(1_000)
    assert text is not None
    client.change(text, 60_000)
    client.wait(59_999)
    assert client.receive() is None
    client.change(text, 2_000)
    client.wait(2_000)
    text = client.receive()
    assert text is not None
    client.change(text, 0)
    assert client.receive() is not None


@pytest.mark.parametrize("is_saved", [False, True])
def test_a_token_outlives_the_process(*, is_saved: bool) -> None:
    engine = Engine()
    client = Client(engine, name="q")
    publish(client.session, "q", b"1")
    text = client.receive()
    assert text is not None
    client.node.settle()
    if is_saved:
        client.node.checkpoint()
    client = Client(engine)
    assert client.receive() is None
    assert client.delete(text, strict=True) == 1


def test_a_token_of_what_is_gone_is_told_from_one_that_was_made_up() -> None:
    client = Client(Engine(), name="q")
    publish(client.session, "q", b"1")
    text = client.receive()
    assert text is not None
    client.request().submit(DeleteQueue(name="q"))
    for ask in (client.delete, client.state, lambda each: client.change(each, 5_000)):
        with pytest.raises(SubscriptionNotFound):
            ask(text)
        with pytest.raises(InvalidArgument):
            ask("A" * TOKEN_CHARS)
