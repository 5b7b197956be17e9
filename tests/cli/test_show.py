import pytest

from dragoman.cli import show

NOW_MS = 1_000_000_000


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0, ""),
        (NOW_MS, "0 s"),
        (NOW_MS + 5, "0 s"),
        (NOW_MS - 59_999, "59 s"),
        (NOW_MS - 60_000, "1 min"),
        (NOW_MS - 7_200_000, "2 h"),
        (NOW_MS - 86_400_000 * 3, "3 d"),
    ],
)
def test_an_age_is_told_in_one_unit(ms: int, text: str) -> None:
    assert show.age(ms, NOW_MS) == text


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (None, "(unreadable)"),
        ({}, "(none)"),
        ({"body": "a\n b"}, "a b"),
        ({"body_base64": "//8="}, "base64://8="),
        ({"body": "x" * 200}, "x" * 79 + "…"),
    ],
)
def test_a_body_is_shown_in_one_line(message: dict[str, str] | None, text: str) -> None:
    assert show.excerpt(message) == text


def test_a_table_is_not_cut_where_it_is_piped(capsys: pytest.CaptureFixture[str]) -> None:
    show.table(("name", "n"), [("x" * 200, 1), ("[bold]not markup[/bold]", 22)])
    out = capsys.readouterr().out
    assert "x" * 200 in out
    assert "[bold]not markup[/bold]" in out
    assert any(line.rstrip().endswith(" 1") for line in out.splitlines())


def test_json_is_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    show.lines([{"a": "ü"}, {"b": None}])
    assert capsys.readouterr().out == '{"a": "ü"}\n{"b": null}\n'


def test_a_thing_is_shown_flat(capsys: pytest.CaptureFixture[str]) -> None:
    show.document({"a": {"b": True, "c": None}, "d": [1], "e": {}}, as_json=False)
    out = [line.split() for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert ["a.b", "yes"] in out
    assert ["a.c"] in out
    assert ["d", "[1]"] in out
    assert ["e"] in out
