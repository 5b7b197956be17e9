import io

import pytest

from dragoman.cli.errors import CommandError
from dragoman.cli.messages import bodies_of, fields_of


def test_a_body_is_the_argument_or_the_lines_of_standard_input(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert list(bodies_of("x", json_lines=False)) == [{"body": "x"}]
    monkeypatch.setattr("sys.stdin", io.StringIO("a\n\nb"))
    assert [m["body"] for m in bodies_of("-", json_lines=False)] == ["a", "", "b"]


def test_json_lines_are_messages_or_what_was_seen_of_them() -> None:
    assert list(bodies_of('{"body": "x"}', json_lines=True)) == [{"body": "x"}]
    seen = '{"offset": 1, "message": {"body": "y"}}'
    assert list(bodies_of(seen, json_lines=True)) == [{"body": "y"}]


@pytest.mark.parametrize("line", ["{", "1", '{"offset": 1, "message": null}'])
def test_a_line_that_is_no_message_is_told_by_its_number(line: str) -> None:
    with pytest.raises(CommandError, match="line 1"):
        list(bodies_of(line, json_lines=True))


def test_fields_are_json_but_for_what_is_bytes() -> None:
    fields = fields_of(["priority=3", "key=7", "content-type=text/plain"], ["a=1"])
    assert fields == {
        "priority": 3,
        "key": "7",
        "content_type": "text/plain",
        "headers": [["a", "1"]],
    }


@pytest.mark.parametrize(
    ("pairs", "headers", "text"),
    [
        (["prio=3"], [], "did you mean priority?"),
        (["x"], [], "expected NAME=VALUE"),
        ([], ["x"], "expected NAME=VALUE"),
    ],
)
def test_what_is_no_field_is_refused(pairs: list[str], headers: list[str], text: str) -> None:
    with pytest.raises(CommandError, match=text):
        fields_of(pairs, headers)
