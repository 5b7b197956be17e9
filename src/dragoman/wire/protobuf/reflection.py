"""gRPC's own services: which there are and what they say (reflection, in both its versions), and whether they serve."""

from typing import Final

from dragoman.wire.protobuf.pool import Package, define

_REFLECTION: Final = """
file grpc/reflection/VERSION/reflection.proto
package grpc.reflection.VERSION

message ServerReflectionRequest
  string host 1
  oneof message_request
    string file_by_filename 3, string file_containing_symbol 4, ExtensionRequest file_containing_extension 5
    string all_extension_numbers_of_type 6, string list_services 7

message ExtensionRequest
  string containing_type 1, int32 extension_number 2

message ServerReflectionResponse
  string valid_host 1, ServerReflectionRequest original_request 2
  oneof message_response
    FileDescriptorResponse file_descriptor_response 4, ExtensionNumberResponse all_extension_numbers_response 5
    ListServiceResponse list_services_response 6, ErrorResponse error_response 7

message FileDescriptorResponse
  bytes* file_descriptor_proto 1

message ExtensionNumberResponse
  string base_type_name 1, int32* extension_number 2

message ListServiceResponse
  ServiceResponse* service 1

message ServiceResponse
  string name 1

message ErrorResponse
  int32 error_code 1, string error_message 2

service ServerReflection
  ServerReflectionInfo ServerReflectionRequest* -> ServerReflectionResponse*
"""
REFLECTIONS: Final[list[Package]] = [
    define(_REFLECTION.replace("VERSION", version)) for version in ("v1", "v1alpha")
]
HEALTH: Final = define(
    """
file grpc/health/v1/health.proto
package grpc.health.v1

message HealthCheckRequest
  string service 1

message HealthCheckResponse
  ServingStatus status 1
  enum ServingStatus
    UNKNOWN 0, SERVING 1, NOT_SERVING 2, SERVICE_UNKNOWN 3

message HealthListRequest

message HealthListResponse
  string:HealthCheckResponse statuses 1

service Health
  Check HealthCheckRequest -> HealthCheckResponse
  List HealthListRequest -> HealthListResponse
  Watch HealthCheckRequest -> HealthCheckResponse*
"""
)
