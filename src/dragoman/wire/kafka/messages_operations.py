"""Message layouts: what operators ask of a cluster: places of replicas, features, resources, SCRAM users.

Written in the notation that `schema` explains; it holds no code and knows no version's bytes.
"""

from typing import Final

MESSAGES: Final = """
34 AlterReplicaLogDirs 1-2 flexible 2
> dirs:[ path:str topics:[ name:str partitions:[i32] ] ]
< throttle_time_ms:i32=0
  results:[ topic_name:str partitions:[ partition_index:i32 error_code:i16 ] ]

35 DescribeLogDirs 1-5 flexible 2
> topics:[ topic:str partitions:[i32] ]?
< throttle_time_ms:i32=0 error_code:i16@3+ results:[
    error_code:i16 log_dir:str topics:[
      name:str partitions:[
        partition_index:i32 partition_size:i64 offset_lag:i64 is_future_key:bool
      ]
    ] total_bytes:i64=-1@4+ usable_bytes:i64=-1@4+ is_cordoned:bool=false@5+
  ]

43 ElectLeaders 0-2 flexible 2
> election_type:i8@1+ topic_partitions:[ topic:str partitions:[i32] ]? timeout_ms:i32=60000
< throttle_time_ms:i32=0 error_code:i16@1+ replica_election_results:[
    topic:str partition_result:[ partition_id:i32 error_code:i16 error_message:str? ]
  ]

45 AlterPartitionReassignments 0-1 flexible 0
> timeout_ms:i32=60000 allow_replication_factor_change:bool=true@1+
  topics:[ name:str partitions:[ partition_index:i32 replicas:[i32]? ] ]
< throttle_time_ms:i32=0 allow_replication_factor_change:bool=true@1+ error_code:i16
  error_message:str?
  responses:[ name:str partitions:[ partition_index:i32 error_code:i16 error_message:str? ] ]

46 ListPartitionReassignments 0-0 flexible 0
> timeout_ms:i32=60000 topics:[ name:str partition_indexes:[i32] ]?
< throttle_time_ms:i32=0 error_code:i16 error_message:str? topics:[
    name:str partitions:[
      partition_index:i32 replicas:[i32] adding_replicas:[i32] removing_replicas:[i32]
    ]
  ]

48 DescribeClientQuotas 0-1 flexible 1
> components:[ entity_type:str match_type:i8 match:str? ] strict:bool
< throttle_time_ms:i32=0 error_code:i16 error_message:str? entries:[
    entity:[ entity_type:str entity_name:str? ] values:[ key:str value:f64 ]
  ]?

49 AlterClientQuotas 0-1 flexible 1
> entries:[
    entity:[ entity_type:str entity_name:str? ] ops:[ key:str value:f64 remove:bool ]
  ] validate_only:bool
< throttle_time_ms:i32=0 entries:[
    error_code:i16 error_message:str? entity:[ entity_type:str entity_name:str? ]
  ]

50 DescribeUserScramCredentials 0-0 flexible 0
> users:[ name:str ]?
< throttle_time_ms:i32=0 error_code:i16 error_message:str? results:[
    user:str error_code:i16 error_message:str?
    credential_infos:[ mechanism:i8 iterations:i32 ]
  ]

51 AlterUserScramCredentials 0-0 flexible 0
> deletions:[ name:str mechanism:i8 ]
  upsertions:[ name:str mechanism:i8 iterations:i32 salt:bytes salted_password:bytes ]
< throttle_time_ms:i32=0 results:[ user:str error_code:i16 error_message:str? ]

57 UpdateFeatures 0-2 flexible 0
> timeout_ms:i32=60000 feature_updates:[
    feature:str max_version_level:i16 allow_downgrade:bool@0 upgrade_type:i8=1@1+
  ] validate_only:bool=false@1+
< throttle_time_ms:i32=0 error_code:i16 error_message:str?
  results:[ feature:str error_code:i16 error_message:str? ]@0-1

74 ListConfigResources 0-1 flexible 0
> resource_types:[i8]@1+
< throttle_time_ms:i32=0 error_code:i16
  config_resources:[ resource_name:str resource_type:i8=16@1+ ]
"""
