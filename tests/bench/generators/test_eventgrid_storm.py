"""Addresses of endpoints."""

from bench.generators.eventgrid_storm import address


def test_each_number_is_another_address_of_the_loopback() -> None:
    found = {address(number) for number in range(11_000)}
    assert len(found) == 11_000
    assert all(1 <= int(part) <= 250 for one in found for part in one.split(".")[3:])
