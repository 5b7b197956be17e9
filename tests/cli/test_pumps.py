from tests.cli.asking import Shell

from dragoman.cli.errors import NOT_FOUND


def test_a_pump_from_its_making_to_its_end(shell: Shell) -> None:
    shell.done("stream", "create", "source", "--set", "retention_ms=-1")
    shell.done("queue", "create", "target")
    (made,) = shell.json("pump", "create", "p", "source", "target", "--set", "rate_max=100")
    assert made["settings"]["targets"] == [{"name": "target"}]
    assert shell.json("pump", "show", "p")[0]["name"] == "p"
    assert "target" in shell.done("pump", "list", "--source", "source")
    assert [item["name"] for item in shell.json("pump", "list", "--ended")] == ["p"]
    assert shell("pump", "show", "q") == NOT_FOUND
    assert "did you mean" in shell.err or "there are: p" in shell.err
    assert shell.done("pump", "delete", "p") == ""
    assert shell.json("pump", "list") == []
