from typing import Any

import pytest
from tests.kernel.rules.cases import Rules, said
from tests.kernel.test_schemas import begun
from tests.runtime.engine import Engine

from dragoman.formats import canonical
from dragoman.kernel.api import (
    Address,
    Bind,
    BindingSettings,
    CreatePump,
    DeclareRoute,
    DeleteRule,
    GetRule,
    ListRules,
    PumpSettings,
    PutRule,
    RouteSettings,
    RuleSettings,
    TryRule,
)
from dragoman.kernel.documents import PutDocument
from dragoman.kernel.rules.settings import RULE_KIND
from dragoman.model.errors import (
    AccessRefused,
    InUse,
    InvalidArgument,
    KernelError,
    RuleNotFound,
    SchemaNotFound,
    VersionDiffers,
)
from dragoman.model.levels import CANONICAL
from dragoman.model.limits import RULES_IN_A_ROW_MAX

CHECK = RuleSettings(on=("orders",), check="true")


def test_a_rule_counts_its_changes_and_is_changed_by_who_knows_them() -> None:
    rules = Rules()
    assert rules.submit(PutRule(name="r", settings=CHECK, expected=0)).version == 1
    for expected in (0, 2):
        with pytest.raises(VersionDiffers) as caught:
            rules.submit(PutRule(name="r", settings=CHECK, expected=expected))
        assert caught.value.version == 1
    assert rules.submit(PutRule(name="r", settings=CHECK, expected=1)).version == 2
    assert [info.name for info in rules.submit(ListRules())] == ["r"]
    assert rules.submit(ListRules(stream="billing")) == []
    with pytest.raises(VersionDiffers):
        rules.submit(DeleteRule(name="r", expected=1))
    assert rules.submit(DeleteRule(name="r")).version == 2
    with pytest.raises(RuleNotFound):
        rules.submit(GetRule(name="r"))


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({}, "says nothing"),
        ({"check": "msg."}, "check: CEL"),
        ({"when": "1 + 1", "check": "true"}, "when: CEL"),
        ({"set": {"nobody": "1"}}, "no field nobody"),
        ({"set": {"body": "1 +"}}, "set.body: CEL"),
        ({"headers": {"a": "nobody"}}, "headers.a: CEL"),
        ({"schema_version": 1, "check": "true"}, "which subject"),
        ({"plugin": "nobody"}, "no plugin"),
        ({"set": {"target": "'x'"}}, "leaves messages there"),
        ({"set": {"deliver_in": "1"}}, "leaves messages there"),
        ({"on": ("a", "a"), "check": "true"}, "each once"),
        ({"on": ("",), "check": "true"}, "names of streams"),
        ({"on": (), "check": "true", "bad": "dead-letter"}, "says where to"),
        ({"set": {str(at): "1" for at in range(65)}}, "no field 0"),
        ({"headers": {str(at): "1" for at in range(65)}}, "at most 64"),
    ],
)
def test_what_cannot_run_is_refused_when_it_is_made(settings: Any, why: str) -> None:
    with pytest.raises(InvalidArgument, match=why):
        Rules().rule(**settings)


def test_a_schema_must_be_there_and_judge_as_the_rule_wants_it() -> None:
    rules = Rules()
    with pytest.raises(SchemaNotFound):
        rules.rule(schema="order")
    rules.schema()
    with pytest.raises(SchemaNotFound):
        rules.rule(schema="order", schema_version=2)
    with pytest.raises(KernelError, match="framed Avro alone"):
        rules.rule(schema="order", decode=True)


def test_documents_of_rules_are_the_kernels_own() -> None:
    with pytest.raises(AccessRefused):
        Rules().submit(PutDocument(kind=RULE_KIND, name="r", body=b"{}"))


def test_a_rule_that_somebody_goes_by_stays() -> None:
    rules = Rules()
    rules.submit(DeclareRoute(name="x", settings=RouteSettings(kind="fanout")))
    for name in ("bound", "pumped", "dead"):
        bad = "dead-letter" if name == "dead" else "drop"
        rules.rule(name, on=("orders",) if name == "dead" else (), check="true", bad=bad)
    rules.submit(Bind(route="x", target="orders", binding=BindingSettings(rules=("bound",))))
    pump = PumpSettings(targets=(Address("billing"),), rules=("pumped",))
    rules.submit(CreatePump(name="p", source="orders", settings=pump))
    for name, user in (("bound", "a binding of x"), ("pumped", "the pump p")):
        with pytest.raises(InUse, match=user):
            rules.submit(DeleteRule(name=name))
    for names, error in (
        (("nobody",), RuleNotFound),
        (("dead",), InvalidArgument),
        (("bound",) * (RULES_IN_A_ROW_MAX + 1), InvalidArgument),
    ):
        with pytest.raises(error):
            rules.submit(Bind(route="x", target="billing", binding=BindingSettings(rules=names)))


def test_a_rule_is_tried_on_a_message_and_counts_nothing() -> None:
    rules = Rules()
    rules.rule(check="msg.total > 0", set={"body": "msg.total"}, bad="pass")
    body = canonical.encode(said({"total": 7}))
    tried = rules.submit(TryRule(name="r", format=CANONICAL, body=body))
    assert (canonical.decode(tried.body).body, tried.is_changed, tried.bad) == (b"7", True, "")
    bad = canonical.encode(said({"total": 0}))
    for bad_is, changed in (("pass", True), ("reject", False)):
        settings = RuleSettings(check="msg.total > 0", bad=bad_is)  # type: ignore[arg-type]
        tried = rules.submit(TryRule(settings=settings, format=CANONICAL, body=bad))
        assert (tried.bad, tried.is_changed, "msg.total > 0" in tried.reason) == (
            bad_is,
            changed,
            True,
        )
    assert rules.submit(GetRule(name="r")).seen == 0
    with pytest.raises(RuleNotFound):
        rules.submit(TryRule(name="x", format=CANONICAL, body=body))


@pytest.mark.parametrize("checkpoints", [False, True])
def test_rules_outlive_the_node(checkpoints: bool) -> None:
    engine = Engine()
    node = begun(engine)
    node.connect().submit(PutRule(name="r", settings=CHECK))
    node.settle()
    if checkpoints:
        node.checkpoint()
    again = begun(engine)
    assert again.connect().submit(GetRule(name="r")).version == 1
    assert list(again.kernel.state.rules.on) == [("default", "orders")]
