import inspect

import pytest

from dragoman.console.admin.errors import refusal, status_of
from dragoman.model import errors


def kernel_errors() -> list[type[errors.KernelError]]:
    return [
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.KernelError) and kind is not errors.KernelError
    ]


@pytest.mark.parametrize("kind", kernel_errors())
def test_every_refusal_of_the_kernel_has_a_status_of_its_own(
    kind: type[errors.KernelError],
) -> None:
    assert 400 <= status_of(kind) <= 507
    assert status_of(kind) != 500


def test_a_refusal_has_the_kernels_code() -> None:
    answer = refusal(errors.StreamNotFound("orders"))
    assert answer.status == 404
    assert b'"code":"stream-not-found"' in answer.body
    assert b"orders" in answer.body


def test_a_fault_tells_nothing_of_itself() -> None:
    answer = refusal(KeyError("secret"))
    assert answer.status == 500
    assert b"secret" not in answer.body
