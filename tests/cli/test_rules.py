from tests.cli.asking import Shell

from dragoman.cli.errors import NOT_FOUND


def test_a_rule_from_its_making_to_its_end(shell: Shell) -> None:
    shell.done("queue", "create", "judged")
    add = ("rule", "add", "positive", "--on", "judged", "--check", "msg.total > 0")
    (made,) = shell.json(*add, "--set", "body={'sum': msg.total}", "--header", "seen='yes'")
    assert made["settings"]["headers"] == {"seen": "'yes'"}
    assert shell(*add) != 0
    assert "version 0 expected, it is 1" in shell.err
    (changed,) = shell.json(*add, "--replace", "--expected", "1", "--bad", "drop")
    assert changed["version"] == 2
    shell.done("queue", "publish", "judged", '{"total": 1}')
    shell.done("queue", "publish", "judged", '{"total": 0}')
    assert "positive" in shell.done("rule", "list", "--stream", "judged")
    (shown,) = shell.json("rule", "show", "positive")
    assert (shown["seen"], shown["bad"]) == (2, 1)
    assert shell("rule", "show", "positiv") == NOT_FOUND
    assert "positive" in shell.err
    shell.done("rule", "delete", "positive")
    assert shell.json("rule", "list", "--stream", "judged") == []


def test_a_rule_is_tried_before_it_does_anything(shell: Shell) -> None:
    shell.done("queue", "create", "tried")
    for body in ('{"total": 1}', '{"total": 0}', "text"):
        shell.done("queue", "publish", "tried", body)
    cut = ("--check", "msg.total > 0", "--set", "body=msg.total + 1")
    shell.done("rule", "add", "cut", *cut, "--bad", "drop")
    told = shell.done("rule", "test", "cut", "tried", "--last", "3")
    assert "body=2" in told
    assert "drop: it is not so that msg.total > 0" in told
    assert len(shell.json("rule", "test", "cut", "tried", "--last", "2")) == 2
    assert shell("rule", "add", "x", "--set", "body") != 0
    assert "NAME=EXPRESSION" in shell.err


def test_a_message_is_followed(shell: Shell) -> None:
    shell.done("queue", "create", "followed")
    shell.done("route", "create", "x")
    shell.done("rule", "add", "tag", "--header", "tag='t'")
    shell.done(
        "route", "bind", "x", "followed", "k", "--filter", "h.tier == 'gold'", "--rule", "tag"
    )
    told = shell.done("route", "trace", "x", "k", "hello")
    assert "it is not so that" in told
    told = shell.done("route", "trace", "x", "k", "hello", "--header", "tier=gold")
    assert "stored" in told
    (found,) = shell.json("route", "trace", "followed", "", "hello", "--stream")
    assert found["arrivals"][0]["readers"] == ["followed"]


def test_a_subscription_gets_rules_and_a_trace_tells_what_they_make(shell: Shell) -> None:
    shell.done("queue", "create", "ruled")
    shell.done("rule", "add", "small", "--set", "body={'n': msg.n}", "--check", "msg.n > 0")
    shell.done("rule", "assign", "ruled", "--rule", "small")
    assert shell.json("queue", "show", "ruled")[0]["settings"]["rules"] == ["small"]
    for body in ('{"n": 1, "m": 2}', '{"n": 0}'):
        shell.done("queue", "publish", "ruled", body)
    (found,) = shell.json("queue", "peek", "ruled")
    assert found["message"]["body"] == '{"n":1}'
    told = shell.done("route", "trace", "ruled", "", '{"n": 7, "m": 2}', "--stream")
    assert "its copy" in told and '{"n":7}' in told
    assert "reject: rule small" in shell.done("route", "trace", "ruled", "", '{"n": 0}', "--stream")
    shell.done("rule", "assign", "ruled")
    assert shell.json("queue", "show", "ruled")[0]["settings"]["rules"] == []
