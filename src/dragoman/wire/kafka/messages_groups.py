"""Message layouts: consumer groups, classic and new, and their offsets.

Written in the notation that `schema` explains; it holds no code and knows no version's bytes.
"""

from typing import Final

MESSAGES: Final = """
10 FindCoordinator 0-6 flexible 3
> key:str@0-3 key_type:i8=0@1+ coordinator_keys:[str]@4+
< throttle_time_ms:i32=0@1+ error_code:i16@0-3 error_message:str?@1-3 node_id:i32@0-3
  host:str@0-3 port:i32@0-3
  coordinators:[ key:str node_id:i32 host:str port:i32 error_code:i16 error_message:str? ]@4+

11 JoinGroup 0-9 flexible 6
> group_id:str session_timeout_ms:i32 rebalance_timeout_ms:i32=-1@1+ member_id:str
  group_instance_id:str?@5+ protocol_type:str protocols:[ name:str metadata:bytes ]
  reason:str?@8+
< throttle_time_ms:i32=0@2+ error_code:i16 generation_id:i32=-1 protocol_type:str?@7+
  protocol_name:str?7+ leader:str skip_assignment:bool=false@9+ member_id:str
  members:[ member_id:str group_instance_id:str?@5+ metadata:bytes ]

14 SyncGroup 0-5 flexible 4
> group_id:str generation_id:i32 member_id:str group_instance_id:str?@3+ protocol_type:str?@5+
  protocol_name:str?@5+ assignments:[ member_id:str assignment:bytes ]
< throttle_time_ms:i32=0@1+ error_code:i16 protocol_type:str?@5+ protocol_name:str?@5+
  assignment:bytes

12 Heartbeat 0-4 flexible 4
> group_id:str generation_id:i32 member_id:str group_instance_id:str?@3+
< throttle_time_ms:i32=0@1+ error_code:i16

13 LeaveGroup 0-5 flexible 4
> group_id:str member_id:str@0-2
  members:[ member_id:str group_instance_id:str? reason:str?@5+ ]@3+
< throttle_time_ms:i32=0@1+ error_code:i16
  members:[ member_id:str group_instance_id:str? error_code:i16 ]@3+

8 OffsetCommit 2-10 flexible 8
> group_id:str generation_id_or_member_epoch:i32=-1 member_id:str group_instance_id:str?@7+
  retention_time_ms:i64=-1@2-4 topics:[
    name:str@2-9 topic_id:uuid@10+ partitions:[
      partition_index:i32 committed_offset:i64 committed_leader_epoch:i32=-1@6+
      committed_metadata:str?
    ]
  ]
< throttle_time_ms:i32=0@3+
  topics:[ name:str@2-9 topic_id:uuid@10+ partitions:[ partition_index:i32 error_code:i16 ] ]

9 OffsetFetch 1-10 flexible 6
> group_id:str@1-7 topics:[ name:str partition_indexes:[i32] ]?2+@1-7 groups:[
    group_id:str member_id:str?@9+ member_epoch:i32=-1@9+
    topics:[ name:str@8-9 topic_id:uuid@10+ partition_indexes:[i32] ]?
  ]@8+ require_stable:bool=false@7+
< throttle_time_ms:i32=0@3+ topics:[
    name:str partitions:[
      partition_index:i32 committed_offset:i64 committed_leader_epoch:i32=-1@5+ metadata:str?
      error_code:i16
    ]
  ]@1-7 error_code:i16=0@2-7 groups:[
    group_id:str topics:[
      name:str@8-9 topic_id:uuid@10+ partitions:[
        partition_index:i32 committed_offset:i64 committed_leader_epoch:i32=-1 metadata:str?
        error_code:i16
      ]
    ] error_code:i16=0
  ]@8+

47 OffsetDelete 0-0 flexible never
> group_id:str topics:[ name:str partitions:[ partition_index:i32 ] ]
< error_code:i16 throttle_time_ms:i32=0
  topics:[ name:str partitions:[ partition_index:i32 error_code:i16 ] ]

16 ListGroups 0-5 flexible 3
> states_filter:[str]@4+ types_filter:[str]@5+
< throttle_time_ms:i32=0@1+ error_code:i16
  groups:[ group_id:str protocol_type:str group_state:str@4+ group_type:str@5+ ]

15 DescribeGroups 0-6 flexible 5
> groups:[str] include_authorized_operations:bool@3+
< throttle_time_ms:i32=0@1+ groups:[
    error_code:i16 error_message:str?@6+ group_id:str group_state:str protocol_type:str
    protocol_data:str members:[
      member_id:str group_instance_id:str?@4+ client_id:str client_host:str member_metadata:bytes
      member_assignment:bytes
    ] authorized_operations:i32=-2147483648@3+
  ]

42 DeleteGroups 0-2 flexible 2
> groups_names:[str]
< throttle_time_ms:i32=0 results:[ group_id:str error_code:i16 ]

68 ConsumerGroupHeartbeat 0-1 flexible 0
> group_id:str member_id:str member_epoch:i32 instance_id:str? rack_id:str?
  rebalance_timeout_ms:i32=-1 subscribed_topic_names:[str]? subscribed_topic_regex:str?@1+
  server_assignor:str? topic_partitions:[ topic_id:uuid partitions:[i32] ]?
< throttle_time_ms:i32=0 error_code:i16 error_message:str? member_id:str? member_epoch:i32
  heartbeat_interval_ms:i32
  assignment:{ topic_partitions:[ topic_id:uuid partitions:[i32] ] }?

69 ConsumerGroupDescribe 0-1 flexible 0
> group_ids:[str] include_authorized_operations:bool
< throttle_time_ms:i32=0 groups:[
    error_code:i16 error_message:str? group_id:str group_state:str group_epoch:i32
    assignment_epoch:i32 assignor_name:str members:[
      member_id:str instance_id:str? rack_id:str? member_epoch:i32 client_id:str client_host:str
      subscribed_topic_names:[str] subscribed_topic_regex:str?
      assignment:{ topic_partitions:[ topic_id:uuid topic_name:str partitions:[i32] ] }
      target_assignment:{ topic_partitions:[ topic_id:uuid topic_name:str partitions:[i32] ] }
      member_type:i8=-1@1+
    ] authorized_operations:i32=-2147483648
  ]
"""
