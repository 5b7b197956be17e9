"""The table of messages: each one can be made into code for every version."""

import pytest

from dragoman.wire.kafka import codec, messages_operations
from dragoman.wire.kafka.schema import APIS

KEYS = [int(block.split()[0]) for block in messages_operations.MESSAGES.strip().split("\n\n")]


@pytest.mark.parametrize("key", KEYS)
def test_every_version_has_a_decoder_and_an_encoder(key: int) -> None:
    for version in range(APIS[key].version_min, APIS[key].version_max + 1):
        for side in ("request", "response"):
            assert callable(codec._decoder(side, key, version))
            assert callable(codec._encoder(side, key, version))
