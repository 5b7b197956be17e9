"""Google Cloud Tasks, v2 (google.cloud.tasks.v2)."""

from typing import Final

from dragoman.wire.protobuf import cloud, iam, known
from dragoman.wire.protobuf.pool import define

_NEEDED: Final = (cloud, iam, known)  # defined before what needs them
TABLE: Final = """
file google/cloud/tasks/v2/cloudtasks.proto
package google.cloud.tasks.v2
import google/iam/v1/iam_policy.proto google/cloud/location/locations.proto google/protobuf/duration.proto
import google/protobuf/empty.proto google/protobuf/field_mask.proto google/protobuf/timestamp.proto
import google/longrunning/operations.proto google/rpc/status.proto

enum HttpMethod
  HTTP_METHOD_UNSPECIFIED 0, POST 1, GET 2, HEAD 3, PUT 4, DELETE 5, PATCH 6, OPTIONS 7

message PathOverride
  string path 1

message QueryOverride
  string query_params 1

message UriOverride
  Scheme? scheme 1, string? host 2, int64? port 3, PathOverride path_override 4, QueryOverride query_override 5
  UriOverrideEnforceMode uri_override_enforce_mode 6
  enum Scheme
    SCHEME_UNSPECIFIED 0, HTTP 1, HTTPS 2
  enum UriOverrideEnforceMode
    URI_OVERRIDE_ENFORCE_MODE_UNSPECIFIED 0, IF_NOT_EXISTS 1, ALWAYS 2

message HttpTarget
  UriOverride uri_override 1, HttpMethod http_method 2, HeaderOverride* header_overrides 3
  oneof authorization_header
    OAuthToken oauth_token 5, OidcToken oidc_token 6
  message Header
    string key 1, string value 2
  message HeaderOverride
    Header header 1

message HttpRequest
  string url 1, HttpMethod http_method 2, string:string headers 3, bytes body 4
  oneof authorization_header
    OAuthToken oauth_token 5, OidcToken oidc_token 6

message AppEngineHttpRequest
  HttpMethod http_method 1, AppEngineRouting app_engine_routing 2, string relative_uri 3
  string:string headers 4, bytes body 5

message AppEngineRouting
  string service 1, string version 2, string instance 3, string host 4

message OAuthToken
  string service_account_email 1, string scope 2

message OidcToken
  string service_account_email 1, string audience 2

message Queue
  string name 1, AppEngineRouting app_engine_routing_override 2, HttpTarget http_target 10
  RateLimits rate_limits 3, RetryConfig retry_config 4, State state 5, protobuf.Timestamp purge_time 6
  StackdriverLoggingConfig stackdriver_logging_config 9
  enum State
    STATE_UNSPECIFIED 0, RUNNING 1, PAUSED 2, DISABLED 3

message RateLimits
  double max_dispatches_per_second 1, int32 max_burst_size 2, int32 max_concurrent_dispatches 3

message RetryConfig
  int32 max_attempts 1, protobuf.Duration max_retry_duration 2, protobuf.Duration min_backoff 3
  protobuf.Duration max_backoff 4, int32 max_doublings 5

message StackdriverLoggingConfig
  double sampling_ratio 1

message Task
  string name 1, protobuf.Timestamp schedule_time 4, protobuf.Timestamp create_time 5
  protobuf.Duration dispatch_deadline 6, int32 dispatch_count 7, int32 response_count 8, Attempt first_attempt 9
  Attempt last_attempt 10, View view 11, RetryConfig retry_config 12
  oneof message_type
    AppEngineHttpRequest app_engine_http_request 2, HttpRequest http_request 3
  enum View
    VIEW_UNSPECIFIED 0, BASIC 1, FULL 2

message Attempt
  protobuf.Timestamp schedule_time 1, protobuf.Timestamp dispatch_time 2, protobuf.Timestamp response_time 3
  rpc.Status response_status 4

message CmekConfig
  string name 1, string kms_key 2

message ListQueuesRequest
  string parent 1, string filter 2, int32 page_size 3, string page_token 4

message ListQueuesResponse
  Queue* queues 1, string next_page_token 2

message GetQueueRequest
  string name 1

message CreateQueueRequest
  string parent 1, Queue queue 2

message UpdateQueueRequest
  Queue queue 1, protobuf.FieldMask update_mask 2

message DeleteQueueRequest
  string name 1

message PurgeQueueRequest
  string name 1

message PauseQueueRequest
  string name 1

message ResumeQueueRequest
  string name 1

message ListTasksRequest
  string parent 1, Task.View response_view 2, int32 page_size 3, string page_token 4

message ListTasksResponse
  Task* tasks 1, string next_page_token 2

message GetTaskRequest
  string name 1, Task.View response_view 2

message CreateTaskRequest
  string parent 1, Task task 2, Task.View response_view 3

message BatchCreateTasksRequest
  string parent 1, CreateTaskRequest* requests 2, string request_id 3

message DeleteTaskRequest
  string name 1

message BatchDeleteTasksRequest
  string parent 1, string* names 2, string request_id 3

message BatchDeleteTasksMetadata
  protobuf.Timestamp start_time 1, protobuf.Timestamp end_time 2, State state 3
  int32:rpc.Status failed_requests 4
  enum State
    STATE_UNSPECIFIED 0, RUNNING 1, SUCCEEDED 2, PARTIALLY_SUCCEEDED 3, FAILED 4

message RunTaskRequest
  string name 1, Task.View response_view 2

message UpdateCmekConfigRequest
  CmekConfig cmek_config 1, protobuf.FieldMask update_mask 2

message GetCmekConfigRequest
  string name 1

message BatchCreateTasksResponse
  Task* tasks 1

message BatchCreateTasksMetadata
  protobuf.Timestamp start_time 1, protobuf.Timestamp end_time 2, State state 3
  int32:rpc.Status failed_requests 4
  enum State
    STATE_UNSPECIFIED 0, RUNNING 1, SUCCEEDED 2, FAILED 3, CANCELLED 4, PARTIALLY_SUCCEEDED 5

service CloudTasks
  ListQueues ListQueuesRequest -> ListQueuesResponse
    GET /v2/{parent=projects/*/locations/*}/queues
  GetQueue GetQueueRequest -> Queue
    GET /v2/{name=projects/*/locations/*/queues/*}
  CreateQueue CreateQueueRequest -> Queue
    POST /v2/{parent=projects/*/locations/*}/queues queue
  UpdateQueue UpdateQueueRequest -> Queue
    PATCH /v2/{queue.name=projects/*/locations/*/queues/*} queue
  DeleteQueue DeleteQueueRequest -> protobuf.Empty
    DELETE /v2/{name=projects/*/locations/*/queues/*}
  PurgeQueue PurgeQueueRequest -> Queue
    POST /v2/{name=projects/*/locations/*/queues/*}:purge *
  PauseQueue PauseQueueRequest -> Queue
    POST /v2/{name=projects/*/locations/*/queues/*}:pause *
  ResumeQueue ResumeQueueRequest -> Queue
    POST /v2/{name=projects/*/locations/*/queues/*}:resume *
  GetIamPolicy iam.v1.GetIamPolicyRequest -> iam.v1.Policy
    POST /v2/{resource=projects/*/locations/*/queues/*}:getIamPolicy *
  SetIamPolicy iam.v1.SetIamPolicyRequest -> iam.v1.Policy
    POST /v2/{resource=projects/*/locations/*/queues/*}:setIamPolicy *
  TestIamPermissions iam.v1.TestIamPermissionsRequest -> iam.v1.TestIamPermissionsResponse
    POST /v2/{resource=projects/*/locations/*/queues/*}:testIamPermissions *
  ListTasks ListTasksRequest -> ListTasksResponse
    GET /v2/{parent=projects/*/locations/*/queues/*}/tasks
  GetTask GetTaskRequest -> Task
    GET /v2/{name=projects/*/locations/*/queues/*/tasks/*}
  CreateTask CreateTaskRequest -> Task
    POST /v2/{parent=projects/*/locations/*/queues/*}/tasks *
  BatchCreateTasks BatchCreateTasksRequest -> longrunning.Operation
    POST /v2/{parent=projects/*/locations/*/queues/*}/tasks:batchCreate *
  DeleteTask DeleteTaskRequest -> protobuf.Empty
    DELETE /v2/{name=projects/*/locations/*/queues/*/tasks/*}
  BatchDeleteTasks BatchDeleteTasksRequest -> longrunning.Operation
    POST /v2/{parent=projects/*/locations/*/queues/*}/tasks:batchDelete *
  RunTask RunTaskRequest -> Task
    POST /v2/{name=projects/*/locations/*/queues/*/tasks/*}:run *
  UpdateCmekConfig UpdateCmekConfigRequest -> CmekConfig
    PATCH /v2/{cmek_config.name=projects/*/locations/*/cmekConfig} cmek_config
  GetCmekConfig GetCmekConfigRequest -> CmekConfig
    GET /v2/{name=projects/*/locations/*/cmekConfig}
"""
CLOUDTASKS: Final = define(TABLE)
