"""HOCON as people write it for ElasticMQ."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.app.hocon import DEPTH_MAX, HoconError, read


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        ("a = 1", {"a": 1}),
        ("{ a : true, b = false }", {"a": True, "b": False}),
        ("a.b.c = x", {"a": {"b": {"c": "x"}}}),
        ('"a.b" = "c\\n\\u00e9\\""', {"a.b": 'c\né"'}),
        ("a { b = 10 seconds # how long\n c = -5 } // done\n", {"a": {"b": "10 seconds", "c": -5}}),
        ("a { b = 1 }\na { c = 2, b = 3 }", {"a": {"b": 3, "c": 2}}),
        (
            "a = {\n b = 1\n}\n\n\nc = [1, two,\n three 3]",
            {"a": {"b": 1}, "c": [1, "two", "three 3"]},
        ),
        ("a =\n  1", {"a": 1}),
        ('include classpath("application.conf")\na = 1', {"a": 1}),
        ("host = 0.0.0.0\nport = ${?PORT}\npath = /data/x", {"host": "0.0.0.0", "path": "/data/x"}),
        ('a = """raw "text" \\n"""', {"a": 'raw "text" \\n'}),
        ("queue-1.fifo { fifo = true }", {"queue-1": {"fifo": {"fifo": True}}}),
        ("a = 1\na { b = 2 }", {"a": {"b": 2}}),
        ('a = "one" two', {"a": "one two"}),
    ],
)
def test_what_is_written_is_read(text: str, found: object) -> None:
    assert read(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "a =",
        "a = }",
        "{ a = 1",
        "a = [1",
        "= 1",
        "a = 1 }",
        "a { b = 1",
        "a + 1",
        "\x00",
        '"a',
        "a = {{}}",
    ],
)
def test_what_is_none_of_it_is_refused_with_its_line(text: str) -> None:
    with pytest.raises(HoconError, match="line 2"):
        read("# a comment\n" + text)


def test_depth_is_bounded() -> None:
    for opened in ("a {" * (DEPTH_MAX + 5), "a = " + "[" * (DEPTH_MAX + 5)):
        with pytest.raises(HoconError, match="deep"):
            read(opened)


@given(st.text(st.sampled_from('ab{}[]=:,.\n"#$ +\\1'), max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        assert isinstance(read(text), dict)
    except HoconError:
        return
