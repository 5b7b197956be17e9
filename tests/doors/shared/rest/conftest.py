"""A service, and a client of it."""

import pytest
from tests.doors.shared.rest.client import Client
from tests.doors.shared.rest.service import Service


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def client(service: Service) -> Client:
    return service.connect()
