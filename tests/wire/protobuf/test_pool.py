import pytest

from dragoman.wire.protobuf import known
from dragoman.wire.protobuf.pool import POOL, define

PACKAGE = define(
    """
file dragoman/tests/pool.proto
package dragoman.tests.pool
import google/protobuf/timestamp.proto

message Order
  string name 1, google.protobuf.Timestamp at 2, Color color 3, int32? limit 4, string:int32 counts 5

enum Color
  RED 0, BLUE 1

service Orders
  Put Order -> Order
    PUT /v1/{name=orders/*} *
  Watch Order -> Order*
"""
)


def test_a_table_gives_classes() -> None:
    order = PACKAGE["Order"](name="x", color="BLUE", counts={"a": 1})
    order.at.FromMilliseconds(5)
    again = PACKAGE["Order"].FromString(order.SerializeToString())
    assert again == order
    assert isinstance(again.at, known.Timestamp)
    assert not again.HasField("limit")
    assert PACKAGE.enum("Color") == {"RED": 0, "BLUE": 1}


def test_services_name_their_methods_classes_and_rules() -> None:
    put, watch = PACKAGE.services["Orders"].values()
    assert put.request is PACKAGE["Order"]
    assert put.rules[0].template == "/v1/{name=orders/*}"
    assert (watch.is_client_streaming, watch.is_server_streaming) == (False, True)


def test_what_is_not_there_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        PACKAGE["Nobody"]


def test_the_pool_is_ours_alone() -> None:
    from google.protobuf.descriptor_pool import Default  # noqa: PLC0415

    with pytest.raises(KeyError):
        Default().FindFileByName("dragoman/tests/pool.proto")
    assert (
        POOL.FindFileContainingSymbol("dragoman.tests.pool.Orders").name
        == "dragoman/tests/pool.proto"
    )
