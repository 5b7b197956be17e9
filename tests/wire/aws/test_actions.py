"""The table of actions against the model that the official client ships."""

import botocore.session
import msgspec
import pytest

from dragoman.wire.aws.actions import ACTIONS

SQS = botocore.session.get_session().get_service_model("sqs")


def test_all_actions_are_there() -> None:
    assert set(ACTIONS) == set(SQS.operation_names)
    assert len(ACTIONS) == 23


@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_a_request_has_the_members_of_the_model(name: str) -> None:
    members = SQS.operation_model(name).input_shape.members
    assert {field.encode_name for field in msgspec.structs.fields(ACTIONS[name])} == set(members)
