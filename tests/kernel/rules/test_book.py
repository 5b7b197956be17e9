import msgspec
import pytest

from dragoman.kernel.rules.book import Book, encode
from dragoman.kernel.rules.rule import Plugins
from dragoman.kernel.rules.settings import RuleSettings
from dragoman.kernel.settings import StreamSchema
from dragoman.model.errors import RuleNotFound

NS = "default"


def test_rules_are_found_by_name_and_by_stream_in_the_order_of_their_names() -> None:
    book = Book()
    for name in ("b", "a"):
        book.put(NS, name, encode(1, RuleSettings(on=("s", "t"), check="true")))
    assert [rule.name for rule in book.on[NS, "s"]] == ["a", "b"]
    assert [rule.name for rule in book.of(NS)] == ["a", "b"]
    assert [rule.name for rule in book.named(NS, ("b", "a"))] == ["b", "a"]
    book.put(NS, "b", encode(2, RuleSettings(on=("t",), check="true")))
    assert [rule.version for rule in book.on[NS, "t"]] == [1, 2]
    assert [rule.name for rule in book.on[NS, "s"]] == ["a"]
    for name in ("a", "b"):
        book.drop(NS, name)
    book.drop(NS, "b")
    assert (book.by_key, book.on) == ({}, {})
    with pytest.raises(RuleNotFound):
        book.find(NS, "a")


@pytest.mark.parametrize(
    "body",
    [
        encode(3, RuleSettings(on=("s",), plugin="gone")),
        msgspec.json.encode({"version": 3, "settings": {"on": ["s"], "newer": 1}}),
    ],
)
def test_a_rule_that_cannot_be_made_ready_is_there_in_trouble(body: bytes) -> None:
    book = Book()
    book.put(NS, "r", body)
    (rule,) = book.on[NS, "s"]
    assert rule.version == 3
    assert rule.trouble


def test_a_plugin_that_comes_later_ends_the_trouble() -> None:
    book = Book()
    book.put(NS, "r", encode(1, RuleSettings(on=("s",), plugin="late")))
    assert book.find(NS, "r").trouble
    assert isinstance(book.plugins, Plugins)
    book.plugins.by_name["late"] = lambda format_, body: None
    book.refresh()
    assert not book.find(NS, "r").trouble


def test_what_a_stream_says_itself_comes_first_and_goes_with_it() -> None:
    book = Book()
    book.put(NS, "a", encode(1, RuleSettings(on=("s",), check="true")))
    for subject in ("order", "bill"):
        book.set_schema(NS, "s", StreamSchema("other", subject, "binary", 2, 3))
        book.put(NS, "a", encode(2, RuleSettings(on=("s",), check="true")))
        assert [rule.name for rule in book.on[NS, "s"]] == [f"schema {subject}", "a"]
    native = book.on[NS, "s"][0].settings
    assert (native.encoding, native.schema_first, native.schema_version) == ("binary", 2, 3)
    book.set_schema(NS, "s", None)
    assert [rule.name for rule in book.on[NS, "s"]] == ["a"]
    book.drop(NS, "a")
    book.set_schema(NS, "s", None)
    assert (book.on, book.of(NS)) == ({}, [])
