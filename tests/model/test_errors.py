import inspect
import re

from dragoman.model import errors
from dragoman.model.errors import KernelError

TREE = [
    kind
    for kind in vars(errors).values()
    if inspect.isclass(kind) and issubclass(kind, KernelError)
]


def test_codes_are_stable_words_and_no_two_refusals_share_one() -> None:
    codes = [kind.code for kind in TREE]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", code) for code in codes)


def test_every_refusal_has_a_code_of_its_own_and_says_what_it_refuses() -> None:
    assert all("code" in vars(kind) and kind.__doc__ for kind in TREE)


def test_what_is_not_there_can_be_caught_by_its_root() -> None:
    missing = {kind for kind in TREE if kind.__name__.endswith("NotFound")}
    assert missing
    assert {kind for kind in missing if not issubclass(kind, errors.NotFound)} == set()


def test_a_refusal_is_said_by_its_message_or_by_its_code() -> None:
    assert str(errors.StreamNotFound("orders")) == "orders"
    assert str(errors.StreamNotFound()) == ""
    assert errors.StreamNotFound().code == "stream-not-found"
