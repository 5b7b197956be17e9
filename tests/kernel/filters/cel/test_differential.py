"""Ours beside the official C++ implementation, on random expressions and documents."""

from collections import Counter
from random import Random

import pytest
from tests.kernel.filters.cel.generator import Generator, document
from tests.kernel.filters.cel.oracle import ERROR, REFUSED, Ours, Theirs

DOCUMENTS = 6  # of each expression
REFUSED_EARLIER = (
    "timestamp:", "duration:", "a pattern:", "no time zone", "null_type", "no duration for (int)",
)  # fmt: skip
"""What is in our refusals of things that can only be errors, which the other finds out when it gets there."""


def compare(seed: int, expressions: int) -> Counter[str]:
    """How often there was which outcome. Fails at the first that differs."""
    random = Random(seed)
    generator = Generator(random)
    seen: Counter[str] = Counter()
    for _ in range(expressions):
        text = generator.any(random.choice((1, 2, 2, 3)), {})
        ours, theirs = Ours(text), Theirs(text)
        for _ in range(DOCUMENTS):
            body = document(random)
            found, expected = ours.of(body), theirs.of(body)
            seen[found[0]] += 1
            if found == REFUSED:
                is_early = any(said in ours.refusal for said in REFUSED_EARLIER)
                is_theirs = expected in (REFUSED, ERROR) or not theirs.takes()
                assert is_early or is_theirs, (text, ours.refusal, expected)
            else:
                assert found == expected, (text, body)
    return seen


def test_a_thousand_are_told_alike() -> None:
    seen = compare(1, 170)
    assert sum(seen.values()) == 170 * DOCUMENTS
    assert len(seen) >= 12


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3])
def test_tens_of_thousands_are_told_alike(seed: int) -> None:
    seen = compare(seed, 5_000)
    assert sum(seen.values()) == 30_000
    assert seen["error"] < 10_000, "most of them have a value"
