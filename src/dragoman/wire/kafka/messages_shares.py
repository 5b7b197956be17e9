"""Message layouts: share groups (KIP-932), their offsets, and records that are acquired and acknowledged one by one.

Written in the notation that `schema` explains; it holds no code and knows no version's bytes.
"""

from typing import Final

MESSAGES: Final = """
76 ShareGroupHeartbeat 1-1 flexible 0
> group_id:str member_id:str member_epoch:i32 rack_id:str? subscribed_topic_names:[str]?
< throttle_time_ms:i32=0 error_code:i16 error_message:str? member_id:str? member_epoch:i32
  heartbeat_interval_ms:i32
  assignment:{ topic_partitions:[ topic_id:uuid partitions:[i32] ] }?

77 ShareGroupDescribe 1-1 flexible 0
> group_ids:[str] include_authorized_operations:bool
< throttle_time_ms:i32=0 groups:[
    error_code:i16 error_message:str? group_id:str group_state:str group_epoch:i32
    assignment_epoch:i32 assignor_name:str members:[
      member_id:str rack_id:str? member_epoch:i32 client_id:str client_host:str
      subscribed_topic_names:[str]
      assignment:{ topic_partitions:[ topic_id:uuid topic_name:str partitions:[i32] ] }
    ] authorized_operations:i32=-2147483648
  ]

78 ShareFetch 1-2 flexible 0
> group_id:str? member_id:str share_session_epoch:i32 max_wait_ms:i32 min_bytes:i32
  max_bytes:i32=2147483647 max_records:i32 batch_size:i32 share_acquire_mode:i8=0@2+
  is_renew_ack:bool=false@2+ topics:[
    topic_id:uuid partitions:[
      partition_index:i32
      acknowledgement_batches:[ first_offset:i64 last_offset:i64 acknowledge_types:[i8] ]
    ]
  ] forgotten_topics_data:[ topic_id:uuid partitions:[i32] ]
< throttle_time_ms:i32=0 error_code:i16=0 error_message:str? acquisition_lock_timeout_ms:i32=0
  responses:[
    topic_id:uuid partitions:[
      partition_index:i32 error_code:i16=0 error_message:str? acknowledge_error_code:i16=0
      acknowledge_error_message:str? current_leader:{ leader_id:i32 leader_epoch:i32 }
      records:records acquired_records:[ first_offset:i64 last_offset:i64 delivery_count:i16 ]
    ]
  ] node_endpoints:[ node_id:i32 host:str port:i32 rack:str? ]

79 ShareAcknowledge 1-2 flexible 0
> group_id:str? member_id:str share_session_epoch:i32 is_renew_ack:bool=false@2+ topics:[
    topic_id:uuid partitions:[
      partition_index:i32
      acknowledgement_batches:[ first_offset:i64 last_offset:i64 acknowledge_types:[i8] ]
    ]
  ]
< throttle_time_ms:i32=0 error_code:i16=0 error_message:str? acquisition_lock_timeout_ms:i32=0@2+
  responses:[
    topic_id:uuid partitions:[
      partition_index:i32 error_code:i16=0 error_message:str?
      current_leader:{ leader_id:i32 leader_epoch:i32 }
    ]
  ] node_endpoints:[ node_id:i32 host:str port:i32 rack:str? ]

90 DescribeShareGroupOffsets 0-1 flexible 0
> groups:[ group_id:str topics:[ topic_name:str partitions:[i32] ]? ]
< throttle_time_ms:i32=0 groups:[
    group_id:str topics:[
      topic_name:str topic_id:uuid partitions:[
        partition_index:i32 start_offset:i64 leader_epoch:i32 lag:i64=-1@1+ error_code:i16
        error_message:str?
      ]
    ] error_code:i16 error_message:str?
  ]

91 AlterShareGroupOffsets 0-0 flexible 0
> group_id:str topics:[ topic_name:str partitions:[ partition_index:i32 start_offset:i64 ] ]
< throttle_time_ms:i32=0 error_code:i16 error_message:str? responses:[
    topic_name:str topic_id:uuid partitions:[
      partition_index:i32 error_code:i16 error_message:str?
    ]
  ]

92 DeleteShareGroupOffsets 0-0 flexible 0
> group_id:str topics:[ topic_name:str ]
< throttle_time_ms:i32=0 error_code:i16 error_message:str? responses:[
    topic_name:str topic_id:uuid error_code:i16 error_message:str?
  ]
"""
