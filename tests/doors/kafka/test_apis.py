from dragoman.doors.kafka.apis import BEFORE_AUTHENTICATION, NOT_SERVED, TABLE, versions
from dragoman.wire.kafka.schema import APIS

# Key and versions as Kafka 4 advertises them, of what is served so far.
KAFKA_4 = {
    0: (0, 13),
    1: (4, 18),
    2: (1, 11),
    3: (0, 13),
    8: (2, 10),
    9: (1, 10),
    10: (0, 6),
    11: (0, 9),
    12: (0, 4),
    13: (0, 5),
    14: (0, 5),
    15: (0, 6),
    16: (0, 5),
    17: (0, 1),
    18: (0, 4),
    19: (2, 7),
    20: (1, 6),
    21: (0, 2),
    22: (0, 6),
    23: (2, 4),
    24: (0, 5),
    25: (0, 4),
    26: (0, 5),
    27: (1, 2),
    28: (0, 5),
    29: (1, 3),
    30: (1, 3),
    31: (1, 3),
    32: (1, 4),
    33: (0, 2),
    34: (1, 2),
    35: (1, 5),
    36: (0, 2),
    37: (0, 3),
    42: (0, 2),
    43: (0, 2),
    44: (0, 1),
    45: (0, 1),
    46: (0, 0),
    47: (0, 0),
    48: (0, 1),
    49: (0, 1),
    50: (0, 0),
    51: (0, 0),
    55: (0, 2),
    57: (0, 2),
    60: (0, 2),
    61: (0, 0),
    65: (0, 0),
    66: (0, 2),
    68: (0, 1),
    69: (0, 1),
    74: (0, 1),
    75: (0, 0),
    76: (1, 1),
    77: (1, 1),
    78: (1, 2),
    79: (1, 2),
    90: (0, 1),
    91: (0, 0),
    92: (0, 0),
}


def test_versions_are_those_of_kafka_4() -> None:
    assert {key: (api.low, api.high) for key, api in TABLE.items()} == KAFKA_4


def test_the_codec_knows_all_that_is_served() -> None:
    assert TABLE.keys() <= APIS.keys()


def test_versions_are_told_once_per_api() -> None:
    keys = [api["api_key"] for api in versions()["api_keys"]]
    assert len(keys) == len(set(keys)) == len(TABLE)


def test_who_has_not_said_who_it_is_can_only_say_so() -> None:
    assert {TABLE[key].name for key in BEFORE_AUTHENTICATION} == {
        "ApiVersions",
        "SaslHandshake",
        "SaslAuthenticate",
    }


def test_every_api_of_kafka_4_is_served_or_has_a_reason() -> None:
    acls = {29, 30, 31}
    assert acls <= TABLE.keys()
    assert not TABLE.keys() & NOT_SERVED.keys()
    assert TABLE.keys() | NOT_SERVED.keys() == set(range(93))
    names = [api.name for api in TABLE.values()] + [name for name, _ in NOT_SERVED.values()]
    assert len(set(names)) == len(names)
    assert all(reason for _, reason in NOT_SERVED.values())
