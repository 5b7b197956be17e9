"""Shapes of SNS against the model that the official client ships."""

import botocore.session
import msgspec
import pytest

from dragoman.wire.aws import topics as t

SNS = botocore.session.get_session().get_service_model("sns")
RESULTS: dict[str, type[msgspec.Struct]] = {
    "CreateTopic": t.TopicArn,
    "ListTopics": t.Topics,
    "GetTopicAttributes": t.AttributesResult,
    "ListTagsForResource": t.TagsResult,
    "Subscribe": t.SubscriptionArn,
    "ListSubscriptionsByTopic": t.Subscriptions,
    "Publish": t.Published,
    "PublishBatch": t.PublishedBatch,
}


def names(shape: type[msgspec.Struct]) -> set[str]:
    return {field.encode_name for field in msgspec.structs.fields(shape)}


@pytest.mark.parametrize("action", sorted(t.ACTIONS))
def test_a_request_has_the_members_of_the_model(action: str) -> None:
    assert names(t.ACTIONS[action]) == set(SNS.operation_model(action).input_shape.members)


@pytest.mark.parametrize("action", sorted(RESULTS))
def test_a_result_has_the_members_of_the_model(action: str) -> None:
    assert names(RESULTS[action]) == set(SNS.operation_model(action).output_shape.members)


ITEMS: dict[str, type[msgspec.Struct]] = {
    "Tag": t.Tag,
    "Subscription": t.SubscriptionItem,
    "PublishBatchRequestEntry": t.PublishEntry,
    "PublishBatchResultEntry": t.PublishedEntry,
    "BatchResultErrorEntry": t.FailedEntry,
}


@pytest.mark.parametrize("name", sorted(ITEMS))
def test_an_item_has_the_members_of_the_model(name: str) -> None:
    assert names(ITEMS[name]) == set(SNS.shape_for(name).members)


def test_containers_are_all_lists_and_maps_of_requests() -> None:
    found = {
        name
        for action in t.ACTIONS
        for name, shape in SNS.operation_model(action).input_shape.members.items()
        if shape.type_name in ("list", "map")
    }
    assert found == t.CONTAINERS
