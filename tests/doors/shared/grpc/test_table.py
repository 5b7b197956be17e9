import pytest
from tests.doors.shared.grpc.echo import EchoService

from dragoman.doors.shared.grpc.table import Table


def test_a_path_is_a_method_and_its_service() -> None:
    echo = EchoService()
    table = Table([echo])
    entry = table.find(b"/dragoman.tests.echo.Echo/Talk")
    assert entry is not None and (entry.method.name, entry.service) == ("Talk", echo)
    assert table.find(b"/dragoman.tests.echo.Echo/talk") is None
    assert len(table.entries()) == 4


def test_two_services_of_one_path_are_refused() -> None:
    with pytest.raises(ValueError, match="served twice"):
        Table([EchoService(), EchoService()])
