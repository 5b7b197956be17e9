import pytest
from tests.cli.asking import Shell

from dragoman.cli.errors import NOT_FOUND


@pytest.mark.parametrize("kind", ["queue", "stream", "route", "pump"])
def test_what_is_not_there_is_told_with_what_is(shell: Shell, kind: str) -> None:
    assert shell(kind, "show", "nothing") == NOT_FOUND
    assert shell.err.startswith(f"dragoman: no {kind} nothing in default (there are: ")


def test_what_is_missing_further_on_is_told_as_it_was(shell: Shell) -> None:
    shell.done("route", "create", "r")
    assert shell("route", "bind", "r", "nowhere") == NOT_FOUND
    assert shell.err == "dragoman: nowhere\n"
