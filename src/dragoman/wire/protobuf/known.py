"""Types that services share: google.protobuf's well-known ones, google.rpc's statuses and details.

They are this pool's: as fields of other messages here, and to be packed into Any.
"""

from collections.abc import Sequence
from typing import Any, Final

from google.protobuf import (
    any_pb2,
    duration_pb2,
    empty_pb2,
    field_mask_pb2,
    struct_pb2,
    timestamp_pb2,
    wrappers_pb2,
)
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from dragoman.wire.protobuf.pool import POOL, define

for _module in (
    any_pb2,
    duration_pb2,
    empty_pb2,
    field_mask_pb2,
    struct_pb2,
    timestamp_pb2,
    wrappers_pb2,
):
    POOL.AddSerializedFile(_module.DESCRIPTOR.serialized_pb)


def _known(name: str) -> Any:
    return GetMessageClass(POOL.FindMessageTypeByName(f"google.protobuf.{name}"))


AnyMessage: Final[Any] = _known("Any")
Duration: Final[Any] = _known("Duration")
Empty: Final[Any] = _known("Empty")
FieldMask: Final[Any] = _known("FieldMask")
Struct: Final[Any] = _known("Struct")
Timestamp: Final[Any] = _known("Timestamp")

STATUS: Final = define(
    """
file google/rpc/status.proto
package google.rpc
import google/protobuf/any.proto

message Status
  int32 code 1, string message 2, protobuf.Any* details 3
"""
)
DETAILS: Final = define(
    """
file google/rpc/error_details.proto
package google.rpc
import google/protobuf/duration.proto

message ErrorInfo
  string reason 1, string domain 2, string:string metadata 3

message RetryInfo
  protobuf.Duration retry_delay 1

message DebugInfo
  string* stack_entries 1, string detail 2

message QuotaFailure
  Violation* violations 1
  message Violation
    string subject 1, string description 2, string api_service 3, string quota_metric 4, string quota_id 5
    string:string quota_dimensions 6, int64 quota_value 7, int64? future_quota_value 8

message PreconditionFailure
  Violation* violations 1
  message Violation
    string type 1, string subject 2, string description 3

message BadRequest
  FieldViolation* field_violations 1
  message FieldViolation
    string field 1, string description 2, string reason 3, LocalizedMessage localized_message 4

message RequestInfo
  string request_id 1, string serving_data 2

message ResourceInfo
  string resource_type 1, string resource_name 2, string owner 3, string description 4

message Help
  Link* links 1
  message Link
    string description 1, string url 2

message LocalizedMessage
  string locale 1, string message 2
"""
)
Status: Final[Any] = STATUS["Status"]
ErrorInfo: Final[Any] = DETAILS["ErrorInfo"]
BadRequest: Final[Any] = DETAILS["BadRequest"]
RetryInfo: Final[Any] = DETAILS["RetryInfo"]


def encode_status(code: int, message: str, details: Sequence[Message]) -> bytes:
    """A google.rpc.Status, as grpc-status-details-bin has it."""
    status = Status(code=code, message=message)
    for detail in details:
        status.details.add().Pack(detail)
    encoded: bytes = status.SerializeToString()
    return encoded
