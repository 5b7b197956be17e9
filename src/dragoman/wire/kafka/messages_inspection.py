"""Message layouts: what producers and transactions are under way, who leads, and what operators ask about it.

Written in the notation that `schema` explains; it holds no code and knows no version's bytes.
"""

from typing import Final

MESSAGES: Final = """
55 DescribeQuorum 0-2 flexible 0
> topics:[ topic_name:str partitions:[ partition_index:i32 ] ]
< error_code:i16 error_message:str?@2+ topics:[
    topic_name:str partitions:[
      partition_index:i32 error_code:i16 error_message:str?@2+ leader_id:i32 leader_epoch:i32
      high_watermark:i64 current_voters:[
        replica_id:i32 replica_directory_id:uuid@2+ log_end_offset:i64
        last_fetch_timestamp:i64=-1@1+ last_caught_up_timestamp:i64=-1@1+
      ] observers:[
        replica_id:i32 replica_directory_id:uuid@2+ log_end_offset:i64
        last_fetch_timestamp:i64=-1@1+ last_caught_up_timestamp:i64=-1@1+
      ]
    ]
  ] nodes:[ node_id:i32 listeners:[ name:str host:str port:u16 ] ]@2+

27 WriteTxnMarkers 1-2 flexible 1
> markers:[
    producer_id:i64 producer_epoch:i16 transaction_result:bool
    topics:[ name:str partition_indexes:[i32] ] coordinator_epoch:i32 transaction_version:i8=0@2+
  ]
< markers:[
    producer_id:i64 topics:[ name:str partitions:[ partition_index:i32 error_code:i16 ] ]
  ]

61 DescribeProducers 0-0 flexible 0
> topics:[ name:str partition_indexes:[i32] ]
< throttle_time_ms:i32=0 topics:[
    name:str partitions:[
      partition_index:i32 error_code:i16 error_message:str? active_producers:[
        producer_id:i64 producer_epoch:i32 last_sequence:i32=-1 last_timestamp:i64=-1
        coordinator_epoch:i32 current_txn_start_offset:i64=-1
      ]
    ]
  ]

65 DescribeTransactions 0-0 flexible 0
> transactional_ids:[str]
< throttle_time_ms:i32=0 transaction_states:[
    error_code:i16 transactional_id:str transaction_state:str transaction_timeout_ms:i32
    transaction_start_time_ms:i64 producer_id:i64 producer_epoch:i16
    topics:[ topic:str partitions:[i32] ]
  ]

66 ListTransactions 0-2 flexible 0
> state_filters:[str] producer_id_filters:[i64] duration_filter:i64=-1@1+
  transactional_id_pattern:str?@2+
< throttle_time_ms:i32=0 error_code:i16 unknown_state_filters:[str]
  transaction_states:[ transactional_id:str producer_id:i64 transaction_state:str ]
"""
