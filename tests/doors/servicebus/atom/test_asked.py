"""What requests ask beside their path."""

from tests.doors.servicebus.atom.client import Admin, titles

from dragoman.doors.servicebus.atom.asked import TOP_MAX, Asked
from dragoman.doors.servicebus.atom.documents import ATOM

__all__ = ["Asked"]


def test_pages_lead_to_the_next() -> None:
    admin = Admin()
    for number in range(3):
        assert admin.put(f"/q{number}", "QueueDescription") == 201
    status, document = admin.get("/$Resources/queues", "&$skip=0&$top=2")
    assert (status, titles(document)) == (200, ["q0", "q1"])
    assert document is not None
    links = {each.get("rel"): each.get("href") or "" for each in document.iter(f"{{{ATOM}}}link")}
    assert "$skip=2&$top=2" in links["next"]
    status, document = admin.get("/$Resources/queues", "&$skip=2&$top=2")
    assert titles(document) == ["q2"]
    assert document is not None
    assert not [each for each in document.findall(f"{{{ATOM}}}link") if each.get("rel") == "next"]


def test_numbers_that_are_none_are_refused_and_large_ones_cut() -> None:
    admin = Admin()
    assert admin.get("/$Resources/queues", "&$skip=x")[0] == 400
    assert admin.get("/$Resources/queues", f"&$top={TOP_MAX * 100}")[0] == 200
    assert admin.get("/$Resources/queues", "&$skip=99999999999")[0] == 400
