"""Resources of Event Grid in a file."""

from typing import Any

import pytest
from tests.fakes.kernel import FakeTranslator, make_kernel

from dragoman.app.eventgrid import LOCAL, declare, resources_of
from dragoman.app.problems import Problems
from dragoman.app.topology import rehearse
from dragoman.kernel.commands import ListStreams
from dragoman.kernel.kernel import Kernel

HOOK = {"endpointType": "WebHook", "properties": {"endpointUrl": "http://h/x"}}
FULL: dict[str, Any] = {
    "topics/orders/eventSubscriptions/hook": {
        "destination": HOOK,
        "filter": {"subjectBeginsWith": "eu"},
    },
    "namespaces/ns1/topics/items/eventSubscriptions/sub": {},
    "namespaces/ns1/topics/items": {},
    "topics/orders": {"inputSchema": "CloudEventSchemaV1_0"},
    "namespaces/ns1": {},
    "domains/shop": {},
}


def read(table: Any) -> tuple[Any, list[str]]:
    problems = Problems()
    return resources_of(table, problems), problems.lines


def streams(kernel: Kernel) -> list[str]:
    return [stream.name for stream in kernel.submit(ListStreams(), 0)]


def test_parents_are_made_before_what_hangs_on_them() -> None:
    resources, problems = read(FULL)
    kernel = make_kernel(FakeTranslator())
    assert (declare(kernel, resources, LOCAL), problems) == ([], [])
    assert streams(kernel) == ["ns1/items", "orders", "shop"]
    assert rehearse((), resources) == []


def test_what_is_there_is_left_as_it_is() -> None:
    kernel = make_kernel(FakeTranslator())
    declare(kernel, read({"topics/orders": {}})[0], LOCAL)
    changed = read({"topics/orders": {"inputSchema": "nonsense"}})[0]
    assert declare(kernel, changed, LOCAL) == []


def test_each_refusal_has_its_line_and_the_rest_is_made() -> None:
    resources, _ = read({
        "topics/bad": {"inputSchema": "nonsense"},
        "topics/none/eventSubscriptions/sub": {"destination": HOOK},
        "widgets/one": {},
        "topics/orders": {},
    })  # fmt: skip
    kernel = make_kernel(FakeTranslator())
    found = declare(kernel, resources, LOCAL)
    assert [line.partition(":")[0] for line in found] == [
        'eventgrid."topics/bad"', 'eventgrid."widgets/one"', 'eventgrid."topics/none/eventSubscriptions/sub"',
    ]  # fmt: skip
    assert streams(kernel) == ["orders"]


@pytest.mark.parametrize(
    "table", [5, {"topics": {}}, {"topics/orders": 5}, {"topics/orders/eventSubscriptions": {}}]
)
def test_what_names_no_resource_is_refused(table: Any) -> None:
    assert len(read(table)[1]) == 1
