"""What connections share."""

from tests.doors.sqs.client import Sqs


def test_a_handle_given_on_one_connection_is_good_on_another() -> None:
    sqs = Sqs()
    sqs.make("orders")
    sqs.send("orders", "x")
    (message,) = sqs.receive("orders")
    sqs.client.close()
    other = sqs.another()
    other.delete("orders", message)
    assert other.counts("orders") == (0, 0, 0)
