"""Google Cloud Pub/Sub: schemas and their revisions (google.pubsub.v1)."""

from typing import Final

from dragoman.wire.protobuf import known
from dragoman.wire.protobuf.pool import define

_NEEDED: Final = (known,)  # defined before what needs them
SCHEMAS: Final = define(
    """
file google/pubsub/v1/schema.proto
package google.pubsub.v1
import google/protobuf/empty.proto google/protobuf/timestamp.proto

enum SchemaView
  SCHEMA_VIEW_UNSPECIFIED 0, BASIC 1, FULL 2

enum Encoding
  ENCODING_UNSPECIFIED 0, JSON 1, BINARY 2

message Schema
  string name 1, Type type 2, string definition 3, string revision_id 4
  protobuf.Timestamp revision_create_time 6
  oneof configuration
    CompiledProtoSchema compiled_proto_schema 8
  enum Type
    TYPE_UNSPECIFIED 0, PROTOCOL_BUFFER 1, AVRO 2

message CreateSchemaRequest
  string parent 1, Schema schema 2, string schema_id 3

message GetSchemaRequest
  string name 1, SchemaView view 2

message ListSchemasRequest
  string parent 1, SchemaView view 2, int32 page_size 3, string page_token 4

message ListSchemasResponse
  Schema* schemas 1, string next_page_token 2

message ListSchemaRevisionsRequest
  string name 1, SchemaView view 2, int32 page_size 3, string page_token 4

message ListSchemaRevisionsResponse
  Schema* schemas 1, string next_page_token 2

message CommitSchemaRequest
  string name 1, Schema schema 2

message RollbackSchemaRequest
  string name 1, string revision_id 2

message DeleteSchemaRevisionRequest
  string name 1, string revision_id 2

message DeleteSchemaRequest
  string name 1

message ValidateSchemaRequest
  string parent 1, Schema schema 2

message ValidateSchemaResponse

message ValidateMessageRequest
  string parent 1, bytes message 4, Encoding encoding 5
  oneof schema_spec
    string name 2, Schema schema 3

message ValidateMessageResponse

message CompiledProtoSchema
  string root_message 1, bytes compiled_bytes 2

service SchemaService
  CreateSchema CreateSchemaRequest -> Schema
    POST /v1/{parent=projects/*}/schemas schema
  GetSchema GetSchemaRequest -> Schema
    GET /v1/{name=projects/*/schemas/*}
  ListSchemas ListSchemasRequest -> ListSchemasResponse
    GET /v1/{parent=projects/*}/schemas
  ListSchemaRevisions ListSchemaRevisionsRequest -> ListSchemaRevisionsResponse
    GET /v1/{name=projects/*/schemas/*}:listRevisions
  CommitSchema CommitSchemaRequest -> Schema
    POST /v1/{name=projects/*/schemas/*}:commit *
  RollbackSchema RollbackSchemaRequest -> Schema
    POST /v1/{name=projects/*/schemas/*}:rollback *
  DeleteSchemaRevision DeleteSchemaRevisionRequest -> Schema
    DELETE /v1/{name=projects/*/schemas/*}:deleteRevision
  DeleteSchema DeleteSchemaRequest -> protobuf.Empty
    DELETE /v1/{name=projects/*/schemas/*}
  ValidateSchema ValidateSchemaRequest -> ValidateSchemaResponse
    POST /v1/{parent=projects/*}/schemas:validate *
  ValidateMessage ValidateMessageRequest -> ValidateMessageResponse
    POST /v1/{parent=projects/*}/schemas:validateMessage *
"""
)
