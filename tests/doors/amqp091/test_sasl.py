"""Credentials as clients spell them."""

from tests.doors.amqp091.client import table

from dragoman.doors.amqp091.sasl import amqplain, plain
from dragoman.wire.amqp091.fieldtable import encode_table


def test_credentials_are_read_whatever_the_bytes() -> None:
    assert plain(b"admin\0u\0p\0") is None
    assert plain(b"\0\xff\0p") == ("\ufffd", b"p")
    assert amqplain(encode_table(table({"LOGIN": 5, "PASSWORD": "p"}))[4:]) is None
    assert amqplain(encode_table(table({"LOGIN": "u"}))[4:]) is None
