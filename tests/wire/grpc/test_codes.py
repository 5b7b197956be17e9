"""The codes are those of gRPC's own library."""

import grpc

from dragoman.wire.grpc import codes


def test_codes_have_the_numbers_and_names_that_they_have_elsewhere() -> None:
    for code in grpc.StatusCode:
        number, _ = code.value
        assert codes.NAMES[number] == code.name
        assert getattr(codes, code.name) == number
    assert len(codes.NAMES) == len(grpc.StatusCode)


def test_each_code_has_a_status_of_http() -> None:
    assert set(codes.HTTP) == set(range(len(codes.NAMES)))
