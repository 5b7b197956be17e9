"""What is told of the namespace."""

from tests.doors.servicebus.atom.client import Admin

from dragoman.doors.servicebus.atom.documents import CONNECT
from dragoman.doors.servicebus.atom.namespace import namespace

__all__ = ["namespace"]


def test_its_name_is_the_hosts_and_its_time_stays() -> None:
    admin = Admin()
    status, first = admin.get("/$namespaceinfo")
    assert status == 200
    admin.world.advance(60_000)
    _, again = admin.get("/$namespaceinfo")
    assert first is not None
    assert again is not None
    for name in ("Name", "CreatedTime", "MessagingSKU", "NamespaceType"):
        found = first.find(f".//{{{CONNECT}}}{name}")
        assert found is not None
        assert found.text == again.findtext(f".//{{{CONNECT}}}{name}")
    assert first.findtext(f".//{{{CONNECT}}}Name") == "here"
