"""The table of actions, and how the face says no."""

from tests.doors.sns.client import Sns, read

from dragoman.doors.shared.rest.call import Request
from dragoman.doors.sns.face import ACTIONS, SnsFace
from dragoman.wire.aws import topics


def test_every_action_has_its_handler() -> None:
    assert ACTIONS.keys() == topics.ACTIONS.keys()


def test_sqs_is_served_beside_it() -> None:
    sns = Sns()
    sns.topic()
    sns.subscribe("a", RawMessageDelivery="true")
    sns.publish("x")
    root = sns.sqs.query("ReceiveMessage", "/000000000000/a")
    assert root.findtext(".//Body") == "x"


def test_a_fault_is_an_internal_error() -> None:
    answer = SnsFace().refuse(Request("POST", b"/", [], b""), ZeroDivisionError())
    assert answer.status == 500
    assert b"<Code>InternalError</Code>" in answer.body


def test_answers_are_xml_with_an_id() -> None:
    sns = Sns()
    answer = sns.client.ask("GET", "/?Action=ListTopics&Version=2010-03-31")
    headers = dict(answer.headers)
    assert headers[b"content-type"] == b"text/xml"
    root = read(answer.status, answer.body)
    assert root.findtext("ResponseMetadata/RequestId") == headers[b"x-amzn-requestid"].decode()
