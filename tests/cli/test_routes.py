from tests.cli.asking import Shell

from dragoman.cli.errors import NOT_FOUND


def test_a_route_from_its_making_to_its_end(shell: Shell) -> None:
    shell.done("queue", "create", "q")
    (made,) = shell.json("route", "create", "r", "--set", "kind=topic")
    assert made["settings"]["kind"] == "topic"
    assert "topic" in shell.done("route", "list")
    (bound,) = shell.json("route", "bind", "r", "q", "a.#", "--header", "via=r")
    assert (bound["key"], bound["headers_set"]) == ("a.#", [["via", "r"]])
    shell.done("route", "publish", "r", "a.b", "hello")
    assert shell.err == "1 published, the last to 1 streams\n"
    (item,) = shell.json("queue", "peek", "q")
    assert item["message"]["headers"] == [["via", "r"]]
    assert shell.json("route", "show", "r")[0]["bindings"] == [bound]
    assert "a.#" in shell.done("route", "show", "r")
    assert shell("route", "unbind", "r", "q", "b") == NOT_FOUND
    assert shell.done("route", "unbind", "r", "q") == ""
    assert shell.done("route", "delete", "r", "--if-unused") == ""
    assert shell("route", "show", "r") == NOT_FOUND


def test_arguments_are_typed(shell: Shell) -> None:
    shell.done("queue", "create", "typed")
    shell.done("route", "create", "h", "--set", "kind=headers")
    line = ("route", "bind", "h", "typed", "--argument", "x-match=all", "--argument", "n=1")
    (bound,) = shell.json(*line)
    assert bound["arguments"] == {"x-match": "all", "n": 1}
    assert [item["name"] for item in shell.json("route", "list", "h")] == ["h"]
