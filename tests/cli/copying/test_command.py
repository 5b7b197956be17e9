"""Arguments of `dragoman copy`."""

import pytest

from dragoman.cli.commands import run

ENDS = ("dragoman://127.0.0.1:1/a", "dragoman://127.0.0.1:1/b")


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ((*ENDS, "--limit", "0"), 1, "--limit"),
        ((*ENDS, "--rate", "-1"), 1, "--rate"),
        ((*ENDS, "--filter", "1 +"), 1, "--filter"),
        ((*ENDS, "--transform", "x=1"), 1, "--transform"),
        ((*ENDS, "--bad", "keep"), 2, "bad"),
        ((ENDS[0], "nowhere"), 1, "expected"),
        (ENDS, 5, "no broker at"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is(
    arguments: tuple[str, ...], status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["copy", *arguments]) == status
    out, err = capsys.readouterr()
    assert said in out + err


def test_addresses_with_secrets_may_stand_in_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DRAGOMAN_COPY_SOURCE", "kafka://me:secret@127.0.0.1")
    monkeypatch.setenv("DRAGOMAN_COPY_TARGET", ENDS[1])
    assert run(["copy"]) == 1
    assert "expected kafka://HOST/NAME" in capsys.readouterr().err
