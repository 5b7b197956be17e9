"""Which paths are Event Grid's, and how it says no."""

import pytest
from tests.doors.eventgrid.client import ARM, Grid, code, read

from dragoman.doors.eventgrid.face import EventGridFace


def test_every_route_is_there_once() -> None:
    routes = EventGridFace({}, is_open=True).routes()
    assert len({(route.method, route.template) for route in routes}) == len(routes)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/orders/api/events", 405),
        ("DELETE", "/topics/orders/eventsubscriptions/sub:receive", 405),
        ("POST", "/topics/orders/eventsubscriptions/sub:dance", 404),
        ("HEAD", f"{ARM}/topics", 200),
    ],
)
def test_paths_and_methods_that_nobody_serves(method: str, path: str, status: int) -> None:
    assert Grid().client.ask(method, path).status == status


def test_a_path_of_resource_manager_is_refused_in_its_words() -> None:
    answer = Grid().ask("GET", f"{ARM}/widgets")
    assert read(answer)["error"]["code"] == "InvalidResourceType"


def test_a_fault_of_ours_is_told_to_the_operator_and_to_nobody_else() -> None:
    found = Grid()
    found.face.store.find = lambda *_: 1 / 0  # type: ignore[assignment,method-assign]
    answer = found.publish({})
    assert code(answer) == (500, "InternalServerError")
    assert [type(error) for error in found.world.faults] == [ZeroDivisionError]
