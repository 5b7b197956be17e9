import re
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tests.runtime.engine import Engine
from tests.runtime.node import declare

from dragoman.kernel.aliases import ListAliases, Resolve, SetAlias
from dragoman.kernel.commands import AlterStream, CreateStream, DeleteStream, DescribeStream
from dragoman.kernel.settings import StreamSettings
from dragoman.model.errors import AlreadyExists, InvalidArgument, KernelError, StreamNotFound
from dragoman.model.names import RULES, alias, is_plain
from dragoman.runtime.session import BrokerSession


def make(session: BrokerSession, name: str, **aliases: str) -> None:
    made = StreamSettings(aliases=aliases, retention_ms=-1)
    session.submit(CreateStream(name=name, settings=made))


def resolve(session: BrokerSession, protocol: str, name: str) -> str:
    found = session.submit(Resolve(protocol=protocol, name=name))
    assert isinstance(found, str)
    return found


def called(session: BrokerSession, protocol: str, *names: str) -> list[str]:
    found = session.submit(ListAliases(protocol=protocol, names=names))
    assert isinstance(found, list)
    return found


def test_a_name_that_is_there_means_itself() -> None:
    session = Engine().start().connect()
    make(session, "orders")
    assert [resolve(session, protocol, "orders") for protocol in RULES] == ["orders"] * len(RULES)
    assert called(session, "sqs", "orders") == ["orders"]
    with pytest.raises(StreamNotFound):
        resolve(session, "sqs", "nothing")
    with pytest.raises(StreamNotFound):
        session.submit(Resolve(namespace="other", protocol="sqs", name="orders"))


def test_a_name_that_a_protocol_does_not_know_has_one_it_does() -> None:
    session = Engine().start().connect()
    make(session, "orders.eu")
    (name,) = called(session, "sqs", "orders.eu")
    assert name == "orders-eu-53f70a3c"
    assert resolve(session, "sqs", name) == resolve(session, "kafka", "orders.eu") == "orders.eu"
    with pytest.raises(StreamNotFound):
        resolve(session, "kafka", name)


def test_where_case_is_folded_any_spelling_finds_the_lower_case_one() -> None:
    session = Engine().start().connect()
    make(session, "orders")
    make(session, "Events")
    assert resolve(session, "servicebus", "ORDERS") == "orders"
    assert resolve(session, "servicebus", "Events") == "Events"
    (name,) = called(session, "eventhubs", "Events")
    assert resolve(session, "eventhubs", name.upper()) == "Events"
    with pytest.raises(StreamNotFound):
        resolve(session, "sqs", "ORDERS")


def test_a_wished_name_takes_the_place_of_the_one_that_follows() -> None:
    session = Engine().start().connect()
    make(session, "orders.eu", sqs="europe")
    assert called(session, "sqs", "orders.eu") == ["europe"]
    assert resolve(session, "sqs", "europe") == "orders.eu"
    for protocol, name in (("sqs", "orders-eu-53f70a3c"), ("kafka", "europe")):
        with pytest.raises(StreamNotFound):
            resolve(session, protocol, name)
    session.submit(SetAlias(name="orders.eu", protocol="sqs", alias=""))
    assert called(session, "sqs", "orders.eu") == ["orders-eu-53f70a3c"]
    session.submit(SetAlias(name="orders.eu", protocol="sqs", alias=""))
    session.submit(SetAlias(name="orders.eu", protocol="sqs", alias="eu"))
    assert resolve(session, "sqs", "eu") == "orders.eu"


def test_no_two_answer_to_one_name() -> None:
    session = Engine().start().connect()
    make(session, "orders.eu", sqs="europe", cloudtasks="eu", eventgrid="eur")
    make(session, "orders-eu-53f70a3c")  # nobody is called so any more
    make(session, "billing.eu")
    (billing,) = called(session, "cloudtasks", "billing.eu")
    for name, aliases in (
        ("europe", {}),
        ("asia", {"sqs": "europe"}),
        ("asia", {"sqs": "orders-eu-53f70a3c"}),
        (billing, {}),
        ("asia", {"cloudtasks": billing}),
    ):
        with pytest.raises(AlreadyExists):
            make(session, name, **aliases)
    with pytest.raises(AlreadyExists):
        declare(session, "europe")
    with pytest.raises(AlreadyExists):
        session.submit(SetAlias(name="orders.eu", protocol="sqs", alias=""))
    with pytest.raises(AlreadyExists):
        session.submit(
            AlterStream(name="billing.eu", settings=StreamSettings(aliases={"sqs": "europe"}))
        )
    session.submit(DeleteStream(name="orders.eu"))
    make(session, "europe")


def test_what_follows_from_a_name_must_be_free_too() -> None:
    session = Engine().start().connect()
    make(session, alias("orders.eu", "sqs"))
    with pytest.raises(AlreadyExists):
        make(session, "orders.eu")
    make(session, "orders.eu", **dict.fromkeys(("sqs", "cloudtasks", "eventgrid"), "eur"))


@pytest.mark.parametrize(
    ("protocol", "name"), [("sqs", "a.b"), ("servicebus", "Upper"), ("fax", "orders")]
)
def test_a_wish_that_the_protocol_does_not_allow_is_refused(protocol: str, name: str) -> None:
    session = Engine().start().connect()
    with pytest.raises(InvalidArgument):
        make(session, "s", **{protocol: name})


def test_protocols_and_streams_that_do_not_exist_are_named() -> None:
    session = Engine().start().connect()
    make(session, "s")
    for command, error in (
        (ListAliases(protocol="fax", names=("s",)), InvalidArgument),
        (ListAliases(protocol="sqs", names=("s", "t")), StreamNotFound),
        (SetAlias(name="t", protocol="sqs", alias="u"), StreamNotFound),
        (Resolve(protocol="fax", name="t"), StreamNotFound),
    ):
        with pytest.raises(error):
            session.submit(command)


@given(st.from_regex(r"[a-zA-Z0-9.-]{1,60}", fullmatch=True) | st.just("goog-a"))
@example("a" * 50)
@example("a-")
def test_a_plain_name_is_its_own_alias_everywhere(name: str) -> None:
    if is_plain(name):
        assert {alias(name, protocol) for protocol in RULES} == {name}


NAMES = ["orders", "orders.eu", "Orders", "a/b", alias("orders.eu", "sqs"), "ab", "x" * 200]
SPELT = st.sampled_from([*NAMES, *(alias(name, each) for name in NAMES for each in RULES)])


class Names(RuleBasedStateMachine):
    """Streams come and go, are wished other names, and the node dies: names stay unique, and lead where they should."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = Engine()
        self.node = self.engine.start()
        self.session = self.node.connect()
        self.known: dict[str, dict[str, str]] = {}

    def attempt(self, command: Any) -> bool:
        try:
            self.session.submit(command)
        except KernelError:
            return False
        return True

    @rule(name=st.sampled_from(NAMES))
    def make(self, name: str) -> None:
        if self.attempt(CreateStream(name=name, settings=StreamSettings(retention_ms=-1))):
            self.known[name] = {}

    @rule(name=st.sampled_from(NAMES))
    def delete(self, name: str) -> None:
        assert self.attempt(DeleteStream(name=name)) == (self.known.pop(name, None) is not None)

    @rule(
        name=st.sampled_from(NAMES),
        protocol=st.sampled_from(["sqs", "kafka", "eventgrid"]),
        wish=SPELT | st.just(""),
    )
    def wish(self, name: str, protocol: str, wish: str) -> None:
        if self.attempt(SetAlias(name=name, protocol=protocol, alias=wish)):
            self.known[name].pop(protocol, None)
            if wish:
                self.known[name][protocol] = wish

    @rule(is_saved=st.booleans())
    def crash(self, is_saved: bool) -> None:
        self.node.settle()
        if is_saved:
            self.node.checkpoint()
        self.node = self.engine.start()
        self.session = self.node.connect()

    @invariant()
    def every_name_leads_to_one(self) -> None:
        for protocol in RULES:
            names = called(self.session, protocol, *self.known)
            assert len(set(names)) == len(names)
            for name, spelt in zip(self.known, names, strict=True):
                assert spelt == self.known[name].get(protocol, alias(name, protocol))
                assert resolve(self.session, protocol, spelt) == name
                assert RULES[protocol].allows(spelt)

    @invariant()
    def settings_say_what_was_wished(self) -> None:
        for name, wished in self.known.items():
            assert self.session.submit(DescribeStream(name=name)).settings.aliases == wished


TestNames = Names.TestCase
TestNames.settings = settings(max_examples=25, stateful_step_count=15, deadline=None)


def test_derived_names_end_in_a_digest() -> None:
    assert re.search(r"-[0-9a-f]{8}$", alias("a.b", "sqs"))
