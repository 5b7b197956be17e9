from typing import Any

import pytest

from dragoman.doors.schemaregistry.errors import Refused
from dragoman.doors.schemaregistry.spelling import asked, flag, page, plain, version_in
from dragoman.kernel.api import SchemaInfo, SchemaReference


class Asked:
    """As much of a call as is looked at."""

    def __init__(self, query: str = "", **parameters: str) -> None:
        self.query = query.encode()
        self.request = self
        self.parameters = parameters


def call(query: str = "", **parameters: str) -> Any:
    return Asked(query, **parameters)


def test_a_query_says_flags_and_a_page() -> None:
    assert flag(call("a=TRUE"), "a")
    assert not flag(call("a=1"), "a")
    assert asked(call("a=1&a=2"), "a") == "2"
    assert page(call("offset=1&limit=2"), [1, 2, 3, 4]) == [2, 3]
    assert page(call("limit=-1"), [1, 2]) == [1, 2]
    with pytest.raises(Refused):
        page(call("limit=x"), [])


def test_a_version_is_a_number_or_the_latest() -> None:
    assert [version_in(call(version=said)) for said in ("latest", "-1", "7")] == [0, 0, 7]
    for said in ("0", "x", "٣", str(1 << 31), "-2"):
        with pytest.raises(Refused, match="not a valid version id"):
            version_in(call(version=said))


def test_an_avro_schema_does_not_say_that_it_is_one() -> None:
    reference = SchemaReference("n", "s", 1)
    info = SchemaInfo("s", "avro", 1, "", 5, 0, "text", ())
    assert plain(info) == {"schema": "text"}
    other = SchemaInfo("s", "json", 1, "", 5, 0, "text", (reference,))
    assert plain(other) == {
        "schema": "text", "schemaType": "JSON", "references": [{"name": "n", "subject": "s", "version": 1}],
    }  # fmt: skip
