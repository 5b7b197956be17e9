"""Which requests administration takes, and where their paths lead."""

import pytest
from tests.doors.servicebus.atom.client import Admin, described

from dragoman.doors.servicebus.atom.errors import AtomError
from dragoman.doors.servicebus.atom.face import AtomFace, is_ours, read_path
from dragoman.doors.servicebus.atom.kinds import KINDS
from dragoman.doors.shared.rest.call import Request, Response, Route
from dragoman.doors.shared.rest.routes import Table


@pytest.mark.parametrize(
    ("query", "ours"),
    [
        (b"api-version=2021-05", True),
        (b"enrich=false&api-version=2017-04", True),
        (b"api-version=2021-05-01", False),
        (b"api-version=2023-06-01-preview", False),
        (b"xapi-version=2021-05", False),
        (b"", False),
    ],
)
def test_a_version_of_a_year_and_a_month_makes_a_request_its_own(query: bytes, ours: bool) -> None:
    assert is_ours(Request("GET", b"/a/b?" + query, (), b"")) is ours


def test_it_comes_before_faces_that_have_the_path() -> None:
    class Other(AtomFace):
        name = "other"

        def routes(self) -> list[Route]:
            return [Route("GET", "/{a}/{b}", lambda _: Response(200))]

    table = Table([Other(), AtomFace()])
    ours = Request("PUT", b"/a/b?api-version=2021-05", (), b"")
    found = table.find(ours)
    assert found is not None
    choice = found.choose(ours)
    assert choice is not None
    assert choice[1].name == "servicebus"
    other = Request("GET", b"/a/b", (), b"")
    found = table.find(other)
    assert found is not None
    choice = found.choose(other)
    assert choice is not None
    assert choice[1].name == "other"


@pytest.mark.parametrize(
    ("path", "kind", "names"),
    [
        ("q", "entity", ["q"]),
        ("a/b/c", "entity", ["a/b/c"]),
        ("$Resources/queues", "queues", [""]),
        ("$resources/Topics", "topics", [""]),
        ("t/Subscriptions", "subscriptions", ["t", ""]),
        ("a/t/subscriptions/s", "subscriptions", ["a/t", "s"]),
        ("t/Subscriptions/s/rules", "rules", ["t", "s", ""]),
        ("t/Subscriptions/s/Rules/r", "rules", ["t", "s", "r"]),
    ],
)
def test_paths_lead_to_entities(path: str, kind: str, names: list[str]) -> None:
    assert read_path(path.split("/")) == (KINDS[kind], names)


def test_other_resources_are_missing() -> None:
    with pytest.raises(AtomError):
        read_path(["$Resources", "relays"])


def test_methods_that_there_are_not_are_refused() -> None:
    admin = Admin()
    assert admin.ask("POST", "/q")[0] == 405
    assert admin.ask("PUT", "/$Resources/queues", described("QueueDescription"))[0] == 405
    assert admin.ask("DELETE", "/t/Subscriptions")[0] == 405
