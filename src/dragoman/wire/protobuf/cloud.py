"""What Google's services have beside them: operations that take long, and locations."""

from typing import Final

from dragoman.wire.protobuf import known
from dragoman.wire.protobuf.pool import define

_NEEDED: Final = (known,)  # defined before what needs them
OPERATIONS: Final = define(
    """
file google/longrunning/operations.proto
package google.longrunning
import google/protobuf/any.proto google/protobuf/duration.proto google/protobuf/empty.proto google/rpc/status.proto

message Operation
  string name 1, protobuf.Any metadata 2, bool done 3
  oneof result
    rpc.Status error 4, protobuf.Any response 5

message GetOperationRequest
  string name 1

message ListOperationsRequest
  string name 4, string filter 1, int32 page_size 2, string page_token 3, bool return_partial_success 5

message ListOperationsResponse
  Operation* operations 1, string next_page_token 2, string* unreachable 3

message CancelOperationRequest
  string name 1

message DeleteOperationRequest
  string name 1

message WaitOperationRequest
  string name 1, protobuf.Duration timeout 2

service Operations
  ListOperations ListOperationsRequest -> ListOperationsResponse
    GET /v2/{name=projects/*/locations/*}/operations
  GetOperation GetOperationRequest -> Operation
    GET /v2/{name=projects/*/locations/*/operations/*}
    GET /v2beta3/{name=projects/*/locations/*/operations/*}
  DeleteOperation DeleteOperationRequest -> protobuf.Empty
    DELETE /v2/{name=projects/*/locations/*/operations/*}
  CancelOperation CancelOperationRequest -> protobuf.Empty
    POST /v2/{name=projects/*/locations/*/operations/*}:cancel *
  WaitOperation WaitOperationRequest -> Operation
"""
)
LOCATIONS: Final = define(
    """
file google/cloud/location/locations.proto
package google.cloud.location
import google/protobuf/any.proto

message ListLocationsRequest
  string name 1, string filter 2, int32 page_size 3, string page_token 4

message ListLocationsResponse
  Location* locations 1, string next_page_token 2

message GetLocationRequest
  string name 1

message Location
  string name 1, string location_id 4, string display_name 5, string:string labels 2, protobuf.Any metadata 3

service Locations
  ListLocations ListLocationsRequest -> ListLocationsResponse
    GET /v2/{name=projects/*}/locations
    GET /v2beta3/{name=projects/*}/locations
  GetLocation GetLocationRequest -> Location
    GET /v2/{name=projects/*/locations/*}
    GET /v2beta3/{name=projects/*/locations/*}
"""
)
