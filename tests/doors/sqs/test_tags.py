"""Tags and permissions."""

import json
from typing import Any

import pytest
from tests.doors.sqs.client import Refused, Sqs, arn_of, url_of

URL = url_of("orders")


@pytest.fixture
def sqs() -> Sqs:
    sqs = Sqs()
    sqs.ask("CreateQueue", QueueName="orders", tags={"team": "a"})
    return sqs


def code(sqs: Sqs, action: str, **members: Any) -> str:
    with pytest.raises(Refused) as refused:
        sqs.ask(action, QueueUrl=URL, **members)
    return refused.value.code


def tags(sqs: Sqs) -> Any:
    return sqs.ask("ListQueueTags", QueueUrl=URL)


def test_tags_are_added_changed_and_taken_off(sqs: Sqs) -> None:
    assert tags(sqs) == {"Tags": {"team": "a"}}
    sqs.ask("TagQueue", QueueUrl=URL, Tags={"team": "b", "stage": ""})
    assert tags(sqs) == {"Tags": {"team": "b", "stage": ""}}
    sqs.ask("UntagQueue", QueueUrl=URL, TagKeys=["team", "nothing", "stage"])
    assert tags(sqs) == {}
    sqs.query("TagQueue", QueueUrl=URL, Tag__1__Key="k", Tag__1__Value="v")
    assert tags(sqs) == {"Tags": {"k": "v"}}


def test_tags_are_checked(sqs: Sqs) -> None:
    for bad in (
        {"": "x"},
        {"k" * 129: "x"},
        {"k": "v" * 257},
        {"aws:x": "y"},
        {str(n): "" for n in range(51)},
    ):
        assert code(sqs, "TagQueue", Tags=bad) == "InvalidParameterValue"
    assert code(sqs, "TagQueue") == code(sqs, "UntagQueue") == "MissingParameter"
    assert tags(sqs) == {"Tags": {"team": "a"}}


def permit(sqs: Sqs, label: str = "l", **members: Any) -> None:
    known = {"AWSAccountIds": ["111122223333"], "Actions": ["SendMessage"], **members}
    sqs.ask("AddPermission", QueueUrl=URL, Label=label, **known)


def policy(sqs: Sqs) -> Any:
    return json.loads(sqs.attributes("orders")["Policy"])


def test_a_permission_is_a_statement_of_the_policy(sqs: Sqs) -> None:
    permit(sqs)
    permit(sqs, "m", AWSAccountIds=["1" * 12, "2" * 12], Actions=["SendMessage", "*"])
    one, two = policy(sqs)["Statement"]
    assert one == {
        "Sid": "l",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
        "Action": "SQS:SendMessage",
        "Resource": arn_of("orders"),
    }
    assert (len(two["Principal"]["AWS"]), two["Action"]) == (2, ["SQS:SendMessage", "SQS:*"])
    sqs.ask("RemovePermission", QueueUrl=URL, Label="l")
    assert [statement["Sid"] for statement in policy(sqs)["Statement"]] == ["m"]
    sqs.ask("RemovePermission", QueueUrl=URL, Label="m")
    assert "Policy" not in sqs.attributes("orders")


def test_a_policy_of_one_statement_is_added_to(sqs: Sqs) -> None:
    sqs.ask("SetQueueAttributes", QueueUrl=URL, Attributes={"Policy": '{"Statement":{"Sid":"x"}}'})
    permit(sqs)
    assert [statement["Sid"] for statement in policy(sqs)["Statement"]] == ["x", "l"]


def test_permissions_are_checked(sqs: Sqs) -> None:
    ok = {"Label": "l", "AWSAccountIds": ["1" * 12], "Actions": ["SendMessage"]}
    for name in ok:
        assert code(sqs, "AddPermission", **{**ok, name: None}) == "MissingParameter"
    assert code(sqs, "AddPermission", **{**ok, "Label": "a b"}) == "InvalidParameterValue"
    assert code(sqs, "AddPermission", **{**ok, "Actions": ["Nothing"]}) == "InvalidParameterValue"
    assert code(sqs, "AddPermission", **{**ok, "Actions": ["SendMessage"] * 8}) == "OverLimit"
    assert code(sqs, "RemovePermission", Label="l") == "InvalidParameterValue"
    permit(sqs)
    assert code(sqs, "AddPermission", **ok) == "InvalidParameterValue"
    for number in range(19):
        permit(sqs, f"n{number}")
    assert code(sqs, "AddPermission", **{**ok, "Label": "more"}) == "OverLimit"
