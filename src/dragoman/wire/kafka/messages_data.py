"""Message layouts: records, their offsets, producers and transactions.

Written in the notation that `schema` explains; it holds no code and knows no version's bytes.
"""

from typing import Final

MESSAGES: Final = """
0 Produce 0-13 flexible 9
> transactional_id:str?@3+ acks:i16 timeout_ms:i32
  topic_data:[ name:str@0-12 topic_id:uuid@13+ partition_data:[ index:i32 records:records? ] ]
< responses:[
    name:str@0-12 topic_id:uuid@13+ partition_responses:[
      index:i32 error_code:i16 base_offset:i64 log_append_time_ms:i64=-1@2+
      log_start_offset:i64=-1@5+
      record_errors:[ batch_index:i32 batch_index_error_message:str? ]@8+ error_message:str?@8+
      current_leader:{ leader_id:i32=-1 leader_epoch:i32=-1 }@10+#0
    ]
  ] throttle_time_ms:i32=0@1+ node_endpoints:[ node_id:i32 host:str port:i32 rack:str? ]@10+#0

1 Fetch 4-18 flexible 12
> cluster_id:str?@12+#0 replica_id:i32=-1@4-14
  replica_state:{ replica_id:i32=-1 replica_epoch:i64=-1 }@15+#1 max_wait_ms:i32 min_bytes:i32
  max_bytes:i32=2147483647 isolation_level:i8=0 session_id:i32=0@7+ session_epoch:i32=-1@7+
  topics:[
    topic:str@4-12 topic_id:uuid@13+ partitions:[
      partition:i32 current_leader_epoch:i32=-1@9+ fetch_offset:i64 last_fetched_epoch:i32=-1@12+
      log_start_offset:i64=-1@5+ partition_max_bytes:i32 replica_directory_id:uuid@17+#0
      high_watermark:i64=9223372036854775807@18+#1
    ]
  ] forgotten_topics_data:[ topic:str@7-12 topic_id:uuid@13+ partitions:[i32] ]@7+
  rack_id:str=""@11+
< throttle_time_ms:i32=0 error_code:i16@7+ session_id:i32=0@7+ responses:[
    topic:str@4-12 topic_id:uuid@13+ partitions:[
      partition_index:i32 error_code:i16 high_watermark:i64 last_stable_offset:i64=-1
      log_start_offset:i64=-1@5+ diverging_epoch:{ epoch:i32=-1 end_offset:i64=-1 }@12+#0
      current_leader:{ leader_id:i32=-1 leader_epoch:i32=-1 }@12+#1
      snapshot_id:{ end_offset:i64=-1 epoch:i32=-1 }@12+#2
      aborted_transactions:[ producer_id:i64 first_offset:i64 ]?
      preferred_read_replica:i32=-1@11+ records:records?
    ]
  ] node_endpoints:[ node_id:i32 host:str port:i32 rack:str? ]@16+#0

2 ListOffsets 1-11 flexible 6
> replica_id:i32 isolation_level:i8@2+ topics:[
    name:str partitions:[ partition_index:i32 current_leader_epoch:i32=-1@4+ timestamp:i64 ]
  ] timeout_ms:i32@10+
< throttle_time_ms:i32=0@2+ topics:[
    name:str partitions:[
      partition_index:i32 error_code:i16 timestamp:i64=-1 offset:i64=-1 leader_epoch:i32=-1@4+
    ]
  ]

21 DeleteRecords 0-2 flexible 2
> topics:[ name:str partitions:[ partition_index:i32 offset:i64 ] ] timeout_ms:i32
< throttle_time_ms:i32=0
  topics:[ name:str partitions:[ partition_index:i32 low_watermark:i64 error_code:i16 ] ]

23 OffsetForLeaderEpoch 2-4 flexible 4
> replica_id:i32=-2@3+
  topics:[ topic:str partitions:[ partition:i32 current_leader_epoch:i32=-1 leader_epoch:i32 ] ]
< throttle_time_ms:i32=0 topics:[
    topic:str partitions:[ error_code:i16 partition:i32 leader_epoch:i32=-1 end_offset:i64=-1 ]
  ]

22 InitProducerId 0-6 flexible 2
> transactional_id:str? transaction_timeout_ms:i32 producer_id:i64=-1@3+ producer_epoch:i16=-1@3+
  enable_2pc:bool=false@6+ keep_prepared_txn:bool=false@6+
< throttle_time_ms:i32=0 error_code:i16 producer_id:i64=-1 producer_epoch:i16
  ongoing_txn_producer_id:i64=-1@6+ ongoing_txn_producer_epoch:i16=-1@6+

24 AddPartitionsToTxn 0-5 flexible 3
> transactions:[
    transactional_id:str producer_id:i64 producer_epoch:i16 verify_only:bool=false
    topics:[ name:str partitions:[i32] ]
  ]@4+ transactional_id:str@0-3 producer_id:i64@0-3
  producer_epoch:i16@0-3 topics:[ name:str partitions:[i32] ]@0-3
< throttle_time_ms:i32=0 error_code:i16@4+ results_by_transaction:[
    transactional_id:str topic_results:[
      name:str results_by_partition:[ partition_index:i32 partition_error_code:i16 ]
    ]
  ]@4+ results_by_topic:[
    name:str results_by_partition:[ partition_index:i32 partition_error_code:i16 ]
  ]@0-3

25 AddOffsetsToTxn 0-4 flexible 3
> transactional_id:str producer_id:i64 producer_epoch:i16 group_id:str
< throttle_time_ms:i32=0 error_code:i16

26 EndTxn 0-5 flexible 3
> transactional_id:str producer_id:i64 producer_epoch:i16 committed:bool
< throttle_time_ms:i32=0 error_code:i16 producer_id:i64=-1@5+ producer_epoch:i16=-1@5+

28 TxnOffsetCommit 0-5 flexible 3
> transactional_id:str group_id:str producer_id:i64 producer_epoch:i16 generation_id:i32=-1@3+
  member_id:str=""@3+ group_instance_id:str?@3+ topics:[
    name:str partitions:[
      partition_index:i32 committed_offset:i64 committed_leader_epoch:i32=-1@2+
      committed_metadata:str?
    ]
  ]
< throttle_time_ms:i32=0 topics:[ name:str partitions:[ partition_index:i32 error_code:i16 ] ]
"""
