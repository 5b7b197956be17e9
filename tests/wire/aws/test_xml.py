"""Answers of the query protocol."""

from xml.etree import ElementTree as ET

from dragoman.wire.aws import shapes as s
from dragoman.wire.aws.xml import SQS_NAMESPACE, error_xml, escape, result_xml


def test_an_action_without_a_result_names_its_request() -> None:
    assert result_xml("DeleteMessage", None, "r-1") == (
        b'<?xml version="1.0"?><DeleteMessageResponse xmlns="' + SQS_NAMESPACE.encode() + b'">'
        b"<ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></DeleteMessageResponse>"
    )


def test_a_received_message() -> None:
    message = s.Received(
        "m",
        "h",
        "d",
        "a<b>&\r\n",
        {"SenderId": "x"},
        "e",
        {"n": s.AttributeValue(data_type="Binary", binary_value=b"\xff")},
    )
    text = result_xml("ReceiveMessage", s.ReceivedMessages([message]), "r").decode()
    assert (
        "<Message><MessageId>m</MessageId><ReceiptHandle>h</ReceiptHandle><MD5OfBody>d</MD5OfBody>"
        "<Body>a&lt;b&gt;&amp;&#xD;\n</Body><Attribute><Name>SenderId</Name><Value>x</Value></Attribute>"
        "<MD5OfMessageAttributes>e</MD5OfMessageAttributes><MessageAttribute><Name>n</Name><Value>"
        "<BinaryValue>/w==</BinaryValue><DataType>Binary</DataType></Value></MessageAttribute></Message>"
    ) in text
    body = ET.fromstring(text).find(f".//{{{SQS_NAMESPACE}}}Body")
    assert body is not None
    assert body.text == "a<b>&\r\n"


def test_batches_name_their_entries_by_the_action() -> None:
    done = s.DoneBatch([s.DoneEntry("1")], [s.FailedEntry("2", True, "C", "m")])
    text = result_xml("DeleteMessageBatch", done, "r").decode()
    assert "<DeleteMessageBatchResultEntry><Id>1</Id></DeleteMessageBatchResultEntry>" in text
    assert "<BatchResultErrorEntry><Id>2</Id><SenderFault>true</SenderFault><Code>C</Code>" in text


def test_lists_of_text_and_maps_are_flattened() -> None:
    assert (
        "<QueueUrl>u</QueueUrl><QueueUrl>v</QueueUrl>"
        in result_xml("ListQueues", s.QueueUrls(["u", "v"]), "r").decode()
    )
    assert (
        "<Tag><Key>a</Key><Value>b</Value></Tag>"
        in result_xml("ListQueueTags", s.QueueTags({"a": "b"}), "r").decode()
    )


def test_an_error_says_who_is_at_fault() -> None:
    text = error_xml("Sender", "InvalidAction", "no <such>", "r").decode()
    assert "<Type>Sender</Type><Code>InvalidAction</Code><Message>no &lt;such&gt;</Message>" in text
    assert escape("é") == "é"
