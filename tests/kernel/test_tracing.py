import pytest
from tests.kernel.rules.cases import Rules, said

from dragoman.formats import canonical, decode
from dragoman.kernel.api import (
    Address,
    Bind,
    BindingSettings,
    CreateSubscription,
    DeclareRoute,
    GetRule,
    RouteSettings,
    SubscriptionSettings,
    Trace,
    Traced,
)
from dragoman.model.errors import RouteNotFound
from dragoman.model.levels import CANONICAL


def traced(rules: Rules, address: Address, total: int = 1) -> Traced:
    body = canonical.encode(said({"total": total}, {"kind": "order"}))
    found = rules.submit(Trace(address=address, format=CANONICAL, body=body))
    assert isinstance(found, Traced)
    return found


def routed() -> Rules:
    """x -> orders by key, billing by a filter, y by another key; x's alternate is z, which hands all to billing."""
    rules = Rules()
    for name, kind in (("z", "fanout"), ("y", "fanout"), ("x", "topic")):
        alternate = "z" if name == "x" else ""
        made = RouteSettings(kind=kind, alternate=alternate)  # type: ignore[arg-type]
        rules.submit(DeclareRoute(name=name, settings=made))
    big = {"expression": "msg.total > 100"}
    rules.rule("cut", on=(), set={"body": "msg.total"})
    for target, settings in (
        ("orders", BindingSettings(key="eu.*", rules=("cut",))),
        ("billing", BindingSettings(key="#", filter=big, dialect="cel")),
    ):
        rules.submit(Bind(route="x", target=target, binding=settings))
    rules.submit(Bind(route="x", target="y", to_route=True, binding=BindingSettings(key="eu.#")))
    rules.submit(Bind(route="y", target="billing", binding=BindingSettings()))
    rules.submit(Bind(route="z", target="billing", binding=BindingSettings()))
    return rules


def test_every_binding_on_the_way_says_whether_it_takes_the_message_and_why() -> None:
    rules = routed()
    found = traced(rules, Address("x", "eu.a", is_route=True))
    assert [(hop.route, hop.target, hop.taken) for hop in found.hops] == [
        ("x", "orders", True),
        ("x", "billing", False),
        ("x", "y", True),
        ("y", "billing", True),
    ]
    assert found.hops[1].why == "it is not so that (msg.total > 100)"
    ends = {end.stream: decode(end.format, end.body, 0).body for end in found.arrivals}
    assert ends == {"orders": b"1", "billing": b'{"total":1}'}
    assert rules.values() == []
    assert rules.submit(GetRule(name="cut")).seen == 0


def test_what_no_binding_takes_goes_to_the_alternate() -> None:
    found = traced(routed(), Address("x", "us", is_route=True))
    assert [hop.why.partition(":")[0] for hop in found.hops if hop.taken] == ["alternate", "fanout"]
    assert [end.stream for end in found.arrivals] == ["billing"]


def test_a_stream_says_what_its_rules_make_of_it_and_who_reads_it() -> None:
    rules = Rules()
    told = {"expression": "h.kind == 'order'"}
    for name, filter_ in (("all", {}), ("some", told), ("none", {"expression": "false"})):
        settings = SubscriptionSettings(filter=filter_, dialect="cel")
        rules.submit(CreateSubscription(name="orders", subscription=name, settings=settings))
    rules.rule(check="msg.total > 0", bad="pass")
    (end,) = traced(rules, Address("orders")).arrivals
    assert (end.readers, end.bad, end.is_changed) == (["orders", "all", "some"], "", False)
    (end,) = traced(rules, Address("orders"), 0).arrivals
    assert (end.bad, end.why) == ("pass", "rule r: it is not so that msg.total > 0")
    assert end.readers == ["orders", "all", "some"]
    rules.rule(check="msg.total > 0")
    (end,) = traced(rules, Address("orders"), 0).arrivals
    assert (end.bad, end.readers) == ("reject", [])
    with pytest.raises(RouteNotFound):
        traced(rules, Address("nobody", is_route=True))
