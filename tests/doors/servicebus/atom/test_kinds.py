"""What is done with each kind of entity."""

from tests.doors.servicebus.atom.client import Admin, titles

from dragoman.doors.servicebus.atom.kinds import KINDS

RULE = '<Filter i:type="SqlFilter"><SqlExpression>a = 1</SqlExpression></Filter>'


def admin() -> Admin:
    found = Admin()
    found.put("/t", "TopicDescription")
    found.put("/t/Subscriptions/s", "SubscriptionDescription")
    return found


def test_every_kind_does_everything() -> None:
    assert all(callable(operation) for kind in KINDS.values() for operation in kind)


def test_rules_are_made_listed_changed_and_deleted() -> None:
    client = admin()
    path = "/t/Subscriptions/s/Rules"
    assert titles(client.get(path)[1]) == ["$Default"]
    assert client.put(f"{path}/r", "RuleDescription", RULE) == 201
    assert client.put(f"{path}/r", "RuleDescription", RULE) == 409
    assert client.put(f"{path}/r", "RuleDescription", RULE, change=True) == 200
    assert client.put(f"{path}/other", "RuleDescription", RULE, change=True) == 404
    assert client.delete(f"{path}/$Default") == 200
    assert titles(client.get(path)[1]) == ["r"]
    assert client.get(f"{path}/$Default")[0] == 404
    assert client.delete(f"{path}/$Default") == 404
    bad = RULE.replace("a = 1", "a =")
    assert client.put(f"{path}/bad", "RuleDescription", bad) == 400


def test_a_subscription_is_made_with_its_first_rule() -> None:
    client = admin()
    rule = f"<DefaultRuleDescription>{RULE}<Name>first</Name></DefaultRuleDescription>"
    assert client.put("/t/Subscriptions/x", "SubscriptionDescription", rule) == 201
    assert titles(client.get("/t/Subscriptions/x/Rules")[1]) == ["first"]


def test_topics_and_queues_are_listed_apart() -> None:
    client = admin()
    client.put("/q", "QueueDescription")
    assert titles(client.get("/$Resources/topics")[1]) == ["t"]
    assert titles(client.get("/$Resources/queues")[1]) == ["q"]
    assert titles(client.get("/t/Subscriptions")[1]) == ["s"]
    assert client.get("/none/Subscriptions")[0] == 404


def test_what_is_not_there_is_missing() -> None:
    client = admin()
    assert client.get("/none")[0] == client.delete("/none") == 404
    assert client.get("/t/Subscriptions/none")[0] == client.delete("/t/Subscriptions/none") == 404
    assert client.delete("/t/Subscriptions/s") == 200
