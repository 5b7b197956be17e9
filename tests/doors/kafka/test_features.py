from tests.doors.kafka.client import World

from dragoman.doors.kafka.features import FEATURES, features


def test_what_is_finalised_is_supported() -> None:
    assert all(0 <= low <= high for low, high in FEATURES.values())
    found = features()
    assert {row["name"] for row in found["finalized_features"]} == set(FEATURES)


def test_clients_are_told_that_each_end_of_a_transaction_has_its_epoch() -> None:
    client = World().connect()
    asked = {"client_software_name": "x", "client_software_version": "1"}
    answer = client.ask(18, 4, asked)
    levels = {row["name"]: row["max_version_level"] for row in answer["finalized_features"]}
    assert levels["transaction.version"] == 2
    assert answer["finalized_features_epoch"] >= 0
    assert client.ask(18, 0, {})["error_code"] == 0
