"""Google Cloud Tasks, v2beta3 (google.cloud.tasks.v2beta3): v2, and what differs from it."""

import re
from typing import Final

from dragoman.wire.protobuf.cloudtasks import TABLE
from dragoman.wire.protobuf.pool import define

DIFFERENT: Final = """
message Queue
  string name 1, HttpTarget http_target 13, RateLimits rate_limits 4, RetryConfig retry_config 5, State state 6
  protobuf.Timestamp purge_time 7, protobuf.Duration task_ttl 8, protobuf.Duration tombstone_ttl 9
  StackdriverLoggingConfig stackdriver_logging_config 10, Type type 11, QueueStats stats 12
  oneof queue_type
    AppEngineHttpQueue app_engine_http_queue 3
  enum State
    STATE_UNSPECIFIED 0, RUNNING 1, PAUSED 2, DISABLED 3
  enum Type
    TYPE_UNSPECIFIED 0, PULL 1, PUSH 2

message Task
  string name 1, protobuf.Timestamp schedule_time 4, protobuf.Timestamp create_time 5
  protobuf.Duration dispatch_deadline 12, int32 dispatch_count 6, int32 response_count 7
  Attempt first_attempt 8, Attempt last_attempt 9, View view 10, RetryConfig retry_config 14
  oneof payload_type
    AppEngineHttpRequest app_engine_http_request 3, HttpRequest http_request 11, PullMessage pull_message 13
  enum View
    VIEW_UNSPECIFIED 0, BASIC 1, FULL 2

message ListQueuesRequest
  string parent 1, string filter 2, int32 page_size 3, string page_token 4, protobuf.FieldMask read_mask 5

message GetQueueRequest
  string name 1, protobuf.FieldMask read_mask 2
"""
"""In place of v2's messages of these names."""
FURTHER: Final = """
message PullMessage
  bytes payload 1, string tag 2

message AppEngineHttpQueue
  AppEngineRouting app_engine_routing_override 1

message QueueStats
  int64 tasks_count 1, protobuf.Timestamp oldest_estimated_arrival_time 2, int64 executed_last_minute_count 3
  int64 concurrent_dispatches_count 4, double effective_execution_rate 5
"""
_MESSAGE: Final = re.compile(r"^message (\w+)\n(?:  .*\n)+", re.MULTILINE)


def _derived() -> str:
    different = {found[1]: found[0] for found in _MESSAGE.finditer(DIFFERENT)}
    table = TABLE.replace("google.cloud.tasks.v2", "google.cloud.tasks.v2beta3")
    table = table.replace("/v2/", "/v2beta3/")
    table = _MESSAGE.sub(lambda found: different.get(found[1], found[0]), table)
    head, service, methods = table.partition("service CloudTasks")
    return head + FURTHER.lstrip() + "\n" + service + methods


CLOUDTASKS_V2BETA3: Final = define(_derived())
