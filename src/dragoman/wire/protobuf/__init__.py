"""Protobuf messages whose classes are made from short tables of ours, in a pool of their own.

table       a table's text to a file's descriptor, and what its services serve over REST
pool        the pool; `define(TABLE)` gives the classes
known       google.protobuf's well-known types, google.rpc's statuses and details
iam         google.iam.v1 and google.type.Expr
cloud       google.longrunning and google.cloud.location
pubsub, schemas, cloudtasks, cloudtasks_v2beta3          what these services say

Names would clash with those of Google's packages if both were in the default pool of one process; and importing these
costs half a second and 58 MB. Tests compare each table with the official descriptors, field by field.

How a table is written: a file is its path, its package, what it needs; a block is what is indented below its head.

    file google/pubsub/v1/pubsub.proto
    package google.pubsub.v1
    import google/protobuf/timestamp.proto

    message Topic
      string name 1, string:string labels 2                a map is KEY:VALUE
      string* allowed 3, int32? limit 4                    * is repeated, ? is optional (its presence counts)
      google.protobuf.Timestamp at 5, State state 6        messages and enums by name, looked for from the inside out
      oneof source
        string text 7, bytes data 8
      enum State
        STATE_UNSPECIFIED 0, ACTIVE 1
      message Inner                                        messages within messages
        bool is_here 1

    service Publisher
      CreateTopic Topic -> Topic                           * behind a message: a stream of them
        PUT /v1/{name=projects/*/topics/*} *               REST: verb, template, and which field the body is (* all)
      StreamingPull StreamingPullRequest* -> StreamingPullResponse*

Fields are parted by commas, over as many lines as it takes. What is behind `#` is a remark.
"""
