"""Google Cloud Pub/Sub: topics, subscriptions, snapshots (google.pubsub.v1; schemas are in `schemas`)."""

from typing import Final

from dragoman.wire.protobuf import known, schemas
from dragoman.wire.protobuf.pool import define

_NEEDED: Final = (known, schemas)  # defined before what needs them
PUBSUB: Final = define(
    """
file google/pubsub/v1/pubsub.proto
package google.pubsub.v1
import google/protobuf/duration.proto google/protobuf/empty.proto google/protobuf/field_mask.proto
import google/protobuf/struct.proto google/protobuf/timestamp.proto google/pubsub/v1/schema.proto

message MessageStoragePolicy
  string* allowed_persistence_regions 1, bool enforce_in_transit 2

message SchemaSettings
  string schema 1, Encoding encoding 2, string first_revision_id 3, string last_revision_id 4

message IngestionDataSourceSettings
  PlatformLogsSettings platform_logs_settings 4
  oneof source
    AwsKinesis aws_kinesis 1, CloudStorage cloud_storage 2, AzureEventHubs azure_event_hubs 3, AwsMsk aws_msk 5
    ConfluentCloud confluent_cloud 6
  message AwsKinesis
    State state 1, string stream_arn 2, string consumer_arn 3, string aws_role_arn 4
    string gcp_service_account 5
    enum State
      STATE_UNSPECIFIED 0, ACTIVE 1, KINESIS_PERMISSION_DENIED 2, PUBLISH_PERMISSION_DENIED 3
      STREAM_NOT_FOUND 4, CONSUMER_NOT_FOUND 5, CONFLICTING_REGION_CONSTRAINTS 6
  message CloudStorage
    State state 1, string bucket 2, protobuf.Timestamp minimum_object_create_time 6, string match_glob 9
    oneof input_format
      TextFormat text_format 3, AvroFormat avro_format 4, PubSubAvroFormat pubsub_avro_format 5
    enum State
      STATE_UNSPECIFIED 0, ACTIVE 1, CLOUD_STORAGE_PERMISSION_DENIED 2, PUBLISH_PERMISSION_DENIED 3
      BUCKET_NOT_FOUND 4, TOO_MANY_OBJECTS 5, CONFLICTING_REGION_CONSTRAINTS 8
    message TextFormat
      string? delimiter 1
    message AvroFormat
    message PubSubAvroFormat
  message AzureEventHubs
    State state 1, string resource_group 2, string namespace 3, string event_hub 4, string client_id 5
    string tenant_id 6, string subscription_id 7, string gcp_service_account 8
    enum State
      STATE_UNSPECIFIED 0, ACTIVE 1, EVENT_HUBS_PERMISSION_DENIED 2, PUBLISH_PERMISSION_DENIED 3
      NAMESPACE_NOT_FOUND 4, EVENT_HUB_NOT_FOUND 5, SUBSCRIPTION_NOT_FOUND 6, RESOURCE_GROUP_NOT_FOUND 7
      CONFLICTING_REGION_CONSTRAINTS 8
  message AwsMsk
    State state 1, string cluster_arn 2, string topic 3, string aws_role_arn 4, string gcp_service_account 5
    enum State
      STATE_UNSPECIFIED 0, ACTIVE 1, MSK_PERMISSION_DENIED 2, PUBLISH_PERMISSION_DENIED 3, CLUSTER_NOT_FOUND 4
      TOPIC_NOT_FOUND 5, CONFLICTING_REGION_CONSTRAINTS 6
  message ConfluentCloud
    State state 1, string bootstrap_server 2, string cluster_id 3, string topic 4, string identity_pool_id 5
    string gcp_service_account 6
    enum State
      STATE_UNSPECIFIED 0, ACTIVE 1, CONFLUENT_CLOUD_PERMISSION_DENIED 2, PUBLISH_PERMISSION_DENIED 3
      UNREACHABLE_BOOTSTRAP_SERVER 4, CLUSTER_NOT_FOUND 5, TOPIC_NOT_FOUND 6, CONFLICTING_REGION_CONSTRAINTS 7

message PlatformLogsSettings
  Severity severity 1
  enum Severity
    SEVERITY_UNSPECIFIED 0, DISABLED 1, DEBUG 2, INFO 3, WARNING 4, ERROR 5

message IngestionFailureEvent
  string topic 1, string error_message 2
  oneof failure
    CloudStorageFailure cloud_storage_failure 3, AwsMskFailureReason aws_msk_failure 4
    AzureEventHubsFailureReason azure_event_hubs_failure 5
    ConfluentCloudFailureReason confluent_cloud_failure 6, AwsKinesisFailureReason aws_kinesis_failure 7
  message ApiViolationReason
  message AvroFailureReason
  message SchemaViolationReason
  message MessageTransformationFailureReason
  message CloudStorageFailure
    string bucket 1, string object_name 2, int64 object_generation 3
    oneof reason
      AvroFailureReason avro_failure_reason 5, ApiViolationReason api_violation_reason 6
      SchemaViolationReason schema_violation_reason 7
      MessageTransformationFailureReason message_transformation_failure_reason 8
  message AwsMskFailureReason
    string cluster_arn 1, string kafka_topic 2, int64 partition_id 3, int64 offset 4
    oneof reason
      ApiViolationReason api_violation_reason 5, SchemaViolationReason schema_violation_reason 6
      MessageTransformationFailureReason message_transformation_failure_reason 7
  message AzureEventHubsFailureReason
    string namespace 1, string event_hub 2, int64 partition_id 3, int64 offset 4
    oneof reason
      ApiViolationReason api_violation_reason 5, SchemaViolationReason schema_violation_reason 6
      MessageTransformationFailureReason message_transformation_failure_reason 7
  message ConfluentCloudFailureReason
    string cluster_id 1, string kafka_topic 2, int64 partition_id 3, int64 offset 4
    oneof reason
      ApiViolationReason api_violation_reason 5, SchemaViolationReason schema_violation_reason 6
      MessageTransformationFailureReason message_transformation_failure_reason 7
  message AwsKinesisFailureReason
    string stream_arn 1, string partition_key 2, string sequence_number 3
    oneof reason
      SchemaViolationReason schema_violation_reason 4
      MessageTransformationFailureReason message_transformation_failure_reason 5
      ApiViolationReason api_violation_reason 6

message JavaScriptUDF
  string function_name 1, string code 2

message Compression
  CompressionAlgorithm compression_algorithm 1, CompressionMode compression_mode 2
  enum CompressionAlgorithm
    COMPRESSION_ALGORITHM_UNSPECIFIED 0, ZLIB 1, ZSTD 3
  enum CompressionMode
    COMPRESSION_MODE_UNSPECIFIED 0, COMPRESS 1, DECOMPRESS 2

message AIInference
  string endpoint 1, string service_account_email 3
  oneof inference_mode
    UnstructuredInference unstructured_inference 2
  message UnstructuredInference
    protobuf.Struct parameters 1

message MessageTransform
  bool enabled 3, bool disabled 4
  oneof transform
    JavaScriptUDF javascript_udf 2, Compression compression 7, AIInference ai_inference 6

message Topic
  string name 1, string:string labels 2, MessageStoragePolicy message_storage_policy 3, string kms_key_name 5
  SchemaSettings schema_settings 6, bool satisfies_pzs 7, protobuf.Duration message_retention_duration 8
  State state 9, IngestionDataSourceSettings ingestion_data_source_settings 10
  MessageTransform* message_transforms 13, string:string tags 14
  enum State
    STATE_UNSPECIFIED 0, ACTIVE 1, INGESTION_RESOURCE_ERROR 2

message PubsubMessage
  bytes data 1, string:string attributes 2, string message_id 3, protobuf.Timestamp publish_time 4
  string ordering_key 5

message GetTopicRequest
  string topic 1

message UpdateTopicRequest
  Topic topic 1, protobuf.FieldMask update_mask 2

message PublishRequest
  string topic 1, PubsubMessage* messages 2

message PublishResponse
  string* message_ids 1

message ListTopicsRequest
  string project 1, int32 page_size 2, string page_token 3

message ListTopicsResponse
  Topic* topics 1, string next_page_token 2

message ListTopicSubscriptionsRequest
  string topic 1, int32 page_size 2, string page_token 3

message ListTopicSubscriptionsResponse
  string* subscriptions 1, string next_page_token 2

message ListTopicSnapshotsRequest
  string topic 1, int32 page_size 2, string page_token 3

message ListTopicSnapshotsResponse
  string* snapshots 1, string next_page_token 2

message DeleteTopicRequest
  string topic 1

message DetachSubscriptionRequest
  string subscription 1

message DetachSubscriptionResponse

message Subscription
  string name 1, string topic 2, PushConfig push_config 4, BigQueryConfig bigquery_config 18
  CloudStorageConfig cloud_storage_config 22, BigtableConfig bigtable_config 27, int32 ack_deadline_seconds 5
  bool retain_acked_messages 7, protobuf.Duration message_retention_duration 8, string:string labels 9
  bool enable_message_ordering 10, ExpirationPolicy expiration_policy 11, string filter 12
  DeadLetterPolicy dead_letter_policy 13, RetryPolicy retry_policy 14, bool detached 15
  bool enable_exactly_once_delivery 16, protobuf.Duration topic_message_retention_duration 17, State state 19
  AnalyticsHubSubscriptionInfo analytics_hub_subscription_info 23, MessageTransform* message_transforms 25
  string:string tags 26
  enum State
    STATE_UNSPECIFIED 0, ACTIVE 1, RESOURCE_ERROR 2
  message AnalyticsHubSubscriptionInfo
    string listing 1, string subscription 2

message RetryPolicy
  protobuf.Duration minimum_backoff 1, protobuf.Duration maximum_backoff 2

message DeadLetterPolicy
  string dead_letter_topic 1, int32 max_delivery_attempts 2

message ExpirationPolicy
  protobuf.Duration ttl 1

message PushConfig
  string push_endpoint 1, string:string attributes 2
  oneof authentication_method
    OidcToken oidc_token 3
  oneof wrapper
    PubsubWrapper pubsub_wrapper 4, NoWrapper no_wrapper 5
  message OidcToken
    string service_account_email 1, string audience 2
  message PubsubWrapper
  message NoWrapper
    bool write_metadata 1

message BigQueryConfig
  string table 1, bool use_topic_schema 2, bool write_metadata 3, bool drop_unknown_fields 4, State state 5
  bool use_table_schema 6, string service_account_email 7
  enum State
    STATE_UNSPECIFIED 0, ACTIVE 1, PERMISSION_DENIED 2, NOT_FOUND 3, SCHEMA_MISMATCH 4
    IN_TRANSIT_LOCATION_RESTRICTION 5, VERTEX_AI_LOCATION_RESTRICTION 6

message BigtableConfig
  string table 1, string app_profile_id 2, string service_account_email 3, bool write_metadata 5, State state 4
  oneof message_mapping
    ColumnFamilyMapping column_family_mapping 6
  enum State
    STATE_UNSPECIFIED 0, ACTIVE 1, NOT_FOUND 2, APP_PROFILE_MISCONFIGURED 3, PERMISSION_DENIED 4
    SCHEMA_MISMATCH 5, IN_TRANSIT_LOCATION_RESTRICTION 6, VERTEX_AI_LOCATION_RESTRICTION 7
  message ColumnFamilyMapping
    oneof key_definition
      RowKeySchema row_key_schema 1, DelimitedKey delimited_key 2
    message RowKeySchema
    message DelimitedKey
      string* key_fields 1, bytes delimiter 2

message CloudStorageConfig
  string bucket 1, string filename_prefix 2, string filename_suffix 3, string filename_datetime_format 10
  protobuf.Duration max_duration 6, int64 max_bytes 7, int64 max_messages 8, State state 9
  string service_account_email 11
  oneof output_format
    TextConfig text_config 4, AvroConfig avro_config 5
  enum State
    STATE_UNSPECIFIED 0, ACTIVE 1, PERMISSION_DENIED 2, NOT_FOUND 3, IN_TRANSIT_LOCATION_RESTRICTION 4
    SCHEMA_MISMATCH 5, VERTEX_AI_LOCATION_RESTRICTION 6
  message TextConfig
  message AvroConfig
    bool write_metadata 1, bool use_topic_schema 2

message ReceivedMessage
  string ack_id 1, PubsubMessage message 2, int32 delivery_attempt 3

message GetSubscriptionRequest
  string subscription 1

message UpdateSubscriptionRequest
  Subscription subscription 1, protobuf.FieldMask update_mask 2

message ListSubscriptionsRequest
  string project 1, int32 page_size 2, string page_token 3

message ListSubscriptionsResponse
  Subscription* subscriptions 1, string next_page_token 2

message DeleteSubscriptionRequest
  string subscription 1

message ModifyPushConfigRequest
  string subscription 1, PushConfig push_config 2

message PullRequest
  string subscription 1, bool return_immediately 2, int32 max_messages 3

message PullResponse
  ReceivedMessage* received_messages 1

message ModifyAckDeadlineRequest
  string subscription 1, string* ack_ids 4, int32 ack_deadline_seconds 3

message AcknowledgeRequest
  string subscription 1, string* ack_ids 2

message StreamingPullRequest
  string subscription 1, string* ack_ids 2, int32* modify_deadline_seconds 3, string* modify_deadline_ack_ids 4
  int32 stream_ack_deadline_seconds 5, string client_id 6, int64 max_outstanding_messages 7
  int64 max_outstanding_bytes 8, int64 protocol_version 10

message StreamingPullResponse
  ReceivedMessage* received_messages 1, AcknowledgeConfirmation acknowledge_confirmation 5
  ModifyAckDeadlineConfirmation modify_ack_deadline_confirmation 3
  SubscriptionProperties subscription_properties 4
  message AcknowledgeConfirmation
    string* ack_ids 1, string* invalid_ack_ids 2, string* unordered_ack_ids 3
    string* temporary_failed_ack_ids 4
  message ModifyAckDeadlineConfirmation
    string* ack_ids 1, string* invalid_ack_ids 2, string* temporary_failed_ack_ids 3
  message SubscriptionProperties
    bool exactly_once_delivery_enabled 1, bool message_ordering_enabled 2

message CreateSnapshotRequest
  string name 1, string subscription 2, string:string labels 3, string:string tags 4

message UpdateSnapshotRequest
  Snapshot snapshot 1, protobuf.FieldMask update_mask 2

message Snapshot
  string name 1, string topic 2, protobuf.Timestamp expire_time 3, string:string labels 4

message GetSnapshotRequest
  string snapshot 1

message ListSnapshotsRequest
  string project 1, int32 page_size 2, string page_token 3

message ListSnapshotsResponse
  Snapshot* snapshots 1, string next_page_token 2

message DeleteSnapshotRequest
  string snapshot 1

message SeekRequest
  string subscription 1
  oneof target
    protobuf.Timestamp time 2, string snapshot 3

message SeekResponse

message PubsubClientTelemetry
  oneof operation
    PublishOperation publish_operation 1
  message PublishOperation
    int32 hedged_attempt_count 1, protobuf.Timestamp publish_start_time 2

service Publisher
  CreateTopic Topic -> Topic
    PUT /v1/{name=projects/*/topics/*} *
  UpdateTopic UpdateTopicRequest -> Topic
    PATCH /v1/{topic.name=projects/*/topics/*} *
  Publish PublishRequest -> PublishResponse
    POST /v1/{topic=projects/*/topics/*}:publish *
  GetTopic GetTopicRequest -> Topic
    GET /v1/{topic=projects/*/topics/*}
  ListTopics ListTopicsRequest -> ListTopicsResponse
    GET /v1/{project=projects/*}/topics
  ListTopicSubscriptions ListTopicSubscriptionsRequest -> ListTopicSubscriptionsResponse
    GET /v1/{topic=projects/*/topics/*}/subscriptions
  ListTopicSnapshots ListTopicSnapshotsRequest -> ListTopicSnapshotsResponse
    GET /v1/{topic=projects/*/topics/*}/snapshots
  DeleteTopic DeleteTopicRequest -> protobuf.Empty
    DELETE /v1/{topic=projects/*/topics/*}
  DetachSubscription DetachSubscriptionRequest -> DetachSubscriptionResponse
    POST /v1/{subscription=projects/*/subscriptions/*}:detach

service Subscriber
  CreateSubscription Subscription -> Subscription
    PUT /v1/{name=projects/*/subscriptions/*} *
  GetSubscription GetSubscriptionRequest -> Subscription
    GET /v1/{subscription=projects/*/subscriptions/*}
  UpdateSubscription UpdateSubscriptionRequest -> Subscription
    PATCH /v1/{subscription.name=projects/*/subscriptions/*} *
  ListSubscriptions ListSubscriptionsRequest -> ListSubscriptionsResponse
    GET /v1/{project=projects/*}/subscriptions
  DeleteSubscription DeleteSubscriptionRequest -> protobuf.Empty
    DELETE /v1/{subscription=projects/*/subscriptions/*}
  ModifyAckDeadline ModifyAckDeadlineRequest -> protobuf.Empty
    POST /v1/{subscription=projects/*/subscriptions/*}:modifyAckDeadline *
  Acknowledge AcknowledgeRequest -> protobuf.Empty
    POST /v1/{subscription=projects/*/subscriptions/*}:acknowledge *
  Pull PullRequest -> PullResponse
    POST /v1/{subscription=projects/*/subscriptions/*}:pull *
  StreamingPull StreamingPullRequest* -> StreamingPullResponse*
  ModifyPushConfig ModifyPushConfigRequest -> protobuf.Empty
    POST /v1/{subscription=projects/*/subscriptions/*}:modifyPushConfig *
  GetSnapshot GetSnapshotRequest -> Snapshot
    GET /v1/{snapshot=projects/*/snapshots/*}
  ListSnapshots ListSnapshotsRequest -> ListSnapshotsResponse
    GET /v1/{project=projects/*}/snapshots
  CreateSnapshot CreateSnapshotRequest -> Snapshot
    PUT /v1/{name=projects/*/snapshots/*} *
  UpdateSnapshot UpdateSnapshotRequest -> Snapshot
    PATCH /v1/{snapshot.name=projects/*/snapshots/*} *
  DeleteSnapshot DeleteSnapshotRequest -> protobuf.Empty
    DELETE /v1/{snapshot=projects/*/snapshots/*}
  Seek SeekRequest -> SeekResponse
    POST /v1/{subscription=projects/*/subscriptions/*}:seek *
"""
)
