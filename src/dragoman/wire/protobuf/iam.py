"""Who may do what: google.iam.v1, and the conditions that its bindings may have (google.type.Expr)."""

from typing import Final

from dragoman.wire.protobuf import known
from dragoman.wire.protobuf.pool import define

_NEEDED: Final = (known,)  # defined before what needs them
EXPR: Final = define(
    """
file google/type/expr.proto
package google.type

message Expr
  string expression 1, string title 2, string description 3, string location 4
"""
)
IAM: Final = define(
    """
file google/iam/v1/iam_policy.proto
package google.iam.v1
import google/protobuf/field_mask.proto google/type/expr.proto

message SetIamPolicyRequest
  string resource 1, Policy policy 2, protobuf.FieldMask update_mask 3

message GetIamPolicyRequest
  string resource 1, GetPolicyOptions options 2

message TestIamPermissionsRequest
  string resource 1, string* permissions 2

message TestIamPermissionsResponse
  string* permissions 1

message GetPolicyOptions
  int32 requested_policy_version 1

message Policy
  int32 version 1, Binding* bindings 4, AuditConfig* audit_configs 6, bytes etag 3

message Binding
  string role 1, string* members 2, type.Expr condition 3

message AuditConfig
  string service 1, AuditLogConfig* audit_log_configs 3

message AuditLogConfig
  LogType log_type 1, string* exempted_members 2
  enum LogType
    LOG_TYPE_UNSPECIFIED 0, ADMIN_READ 1, DATA_WRITE 2, DATA_READ 3

service IAMPolicy
  SetIamPolicy SetIamPolicyRequest -> Policy
    POST /v1/{resource=projects/*/topics/*}:setIamPolicy *
    POST /v1/{resource=projects/*/subscriptions/*}:setIamPolicy *
    POST /v1/{resource=projects/*/snapshots/*}:setIamPolicy *
    POST /v1/{resource=projects/*/schemas/*}:setIamPolicy *
  GetIamPolicy GetIamPolicyRequest -> Policy
    GET /v1/{resource=projects/*/topics/*}:getIamPolicy
    GET /v1/{resource=projects/*/subscriptions/*}:getIamPolicy
    GET /v1/{resource=projects/*/snapshots/*}:getIamPolicy
    GET /v1/{resource=projects/*/schemas/*}:getIamPolicy
  TestIamPermissions TestIamPermissionsRequest -> TestIamPermissionsResponse
    POST /v1/{resource=projects/*/topics/*}:testIamPermissions *
    POST /v1/{resource=projects/*/subscriptions/*}:testIamPermissions *
    POST /v1/{resource=projects/*/snapshots/*}:testIamPermissions *
    POST /v1/{resource=projects/*/schemas/*}:testIamPermissions *
"""
)
