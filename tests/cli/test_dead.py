from tests.cli.asking import Shell


def test_queues_of_dead_letters_are_known_by_who_names_them(shell: Shell) -> None:
    shell.done("queue", "create", "graves")
    for name in ("a", "b"):
        shell.done("queue", "create", name, "--set", "dead_letter=graves")
    shell.done("queue", "create", "c", "--set", 'dead_letter={"name": "x", "is_route": true}')
    shell.done("queue", "create", "d", "--set", "dead_letter=nowhere")
    (found,) = shell.json("dead", "list")
    assert (found["name"], found["dead_letters_of"]) == ("graves", ["a", "b"])
    assert "a, b" in shell.done("dead", "list")
    shell.done("queue", "publish", "graves", "x")
    assert len(shell.json("dead", "peek", "graves")) == 1
    assert shell.json("dead", "redrive", "graves", "a")[0]["settings"]["until_end"]
    assert shell("dead", "purge", "graves") == 0
