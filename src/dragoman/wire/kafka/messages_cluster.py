"""Message layouts: connecting, metadata, topics, configuration and access.

Written in the notation that `schema` explains; it holds no code and knows no version's bytes.
"""

from typing import Final

MESSAGES: Final = """
18 ApiVersions 0-4 flexible 3
> client_software_name:str@3+ client_software_version:str@3+
< error_code:i16 api_keys:[ api_key:i16 min_version:i16 max_version:i16 ]
  throttle_time_ms:i32=0@1+ supported_features:[ name:str min_version:i16 max_version:i16 ]@3+#0
  finalized_features_epoch:i64=-1@3+#1
  finalized_features:[ name:str max_version_level:i16 min_version_level:i16 ]@3+#2
  zk_migration_ready:bool=false@3+#3

17 SaslHandshake 0-1 flexible never
> mechanism:str
< error_code:i16 mechanisms:[str]

36 SaslAuthenticate 0-2 flexible 2
> auth_bytes:bytes
< error_code:i16 error_message:str? auth_bytes:bytes session_lifetime_ms:i64=0@1+

3 Metadata 0-13 flexible 9
> topics:[ topic_id:uuid@10+ name:str?10+ ]?1+ allow_auto_topic_creation:bool=true@4+
  include_cluster_authorized_operations:bool@8-10 include_topic_authorized_operations:bool@8+
< throttle_time_ms:i32=0@3+ brokers:[ node_id:i32 host:str port:i32 rack:str?@1+ ]
  cluster_id:str?@2+ controller_id:i32=-1@1+ topics:[
    error_code:i16 name:str?12+ topic_id:uuid@10+ is_internal:bool=false@1+ partitions:[
      error_code:i16 partition_index:i32 leader_id:i32 leader_epoch:i32=-1@7+ replica_nodes:[i32]
      isr_nodes:[i32] offline_replicas:[i32]@5+
    ] topic_authorized_operations:i32=-2147483648@8+
  ] cluster_authorized_operations:i32=-2147483648@8-10 error_code:i16@13+

60 DescribeCluster 0-2 flexible 0
> include_cluster_authorized_operations:bool endpoint_type:i8=1@1+ include_fenced_brokers:bool@2+
< throttle_time_ms:i32=0 error_code:i16 error_message:str? endpoint_type:i8=1@1+ cluster_id:str
  controller_id:i32=-1 brokers:[ broker_id:i32 host:str port:i32 rack:str? is_fenced:bool@2+ ]
  cluster_authorized_operations:i32=-2147483648

75 DescribeTopicPartitions 0-0 flexible 0
> topics:[ name:str ] response_partition_limit:i32=2000
  cursor:{ topic_name:str partition_index:i32 }?
< throttle_time_ms:i32=0 topics:[
    error_code:i16 name:str? topic_id:uuid is_internal:bool=false partitions:[
      error_code:i16 partition_index:i32 leader_id:i32 leader_epoch:i32=-1 replica_nodes:[i32]
      isr_nodes:[i32] eligible_leader_replicas:[i32]? last_known_elr:[i32]?
      offline_replicas:[i32]
    ] topic_authorized_operations:i32=-2147483648
  ] next_cursor:{ topic_name:str partition_index:i32 }?

19 CreateTopics 2-7 flexible 5
> topics:[
    name:str num_partitions:i32 replication_factor:i16
    assignments:[ partition_index:i32 broker_ids:[i32] ] configs:[ name:str value:str? ]
  ] timeout_ms:i32=60000 validate_only:bool=false
< throttle_time_ms:i32=0 topics:[
    name:str topic_id:uuid@7+ error_code:i16 error_message:str? topic_config_error_code:i16@5+#0
    num_partitions:i32=-1@5+ replication_factor:i16=-1@5+
    configs:[ name:str value:str? read_only:bool config_source:i8=-1 is_sensitive:bool ]?@5+
  ]

20 DeleteTopics 1-6 flexible 4
> topics:[ name:str? topic_id:uuid ]@6+ topic_names:[str]@1-5 timeout_ms:i32
< throttle_time_ms:i32=0
  responses:[ name:str?6+ topic_id:uuid@6+ error_code:i16 error_message:str?@5+ ]

37 CreatePartitions 0-3 flexible 2
> topics:[ name:str count:i32 assignments:[ broker_ids:[i32] ]? ] timeout_ms:i32
  validate_only:bool
< throttle_time_ms:i32=0 results:[ name:str error_code:i16 error_message:str? ]

32 DescribeConfigs 1-4 flexible 4
> resources:[ resource_type:i8 resource_name:str configuration_keys:[str]? ]
  include_synonyms:bool=false include_documentation:bool=false@3+
< throttle_time_ms:i32=0 results:[
    error_code:i16 error_message:str? resource_type:i8 resource_name:str configs:[
      name:str value:str? read_only:bool config_source:i8=-1 is_sensitive:bool
      synonyms:[ name:str value:str? source:i8 ] config_type:i8=0@3+ documentation:str?@3+
    ]
  ]

33 AlterConfigs 0-2 flexible 2
> resources:[ resource_type:i8 resource_name:str configs:[ name:str value:str? ] ]
  validate_only:bool
< throttle_time_ms:i32=0
  responses:[ error_code:i16 error_message:str? resource_type:i8 resource_name:str ]

44 IncrementalAlterConfigs 0-1 flexible 1
> resources:[
    resource_type:i8 resource_name:str configs:[ name:str config_operation:i8 value:str? ]
  ] validate_only:bool
< throttle_time_ms:i32=0
  responses:[ error_code:i16 error_message:str? resource_type:i8 resource_name:str ]

29 DescribeAcls 1-3 flexible 2
> resource_type_filter:i8 resource_name_filter:str? pattern_type_filter:i8=3
  principal_filter:str? host_filter:str? operation:i8 permission_type:i8
< throttle_time_ms:i32=0 error_code:i16 error_message:str? resources:[
    resource_type:i8 resource_name:str pattern_type:i8=3
    acls:[ principal:str host:str operation:i8 permission_type:i8 ]
  ]

30 CreateAcls 1-3 flexible 2
> creations:[
    resource_type:i8 resource_name:str resource_pattern_type:i8=3 principal:str host:str
    operation:i8 permission_type:i8
  ]
< throttle_time_ms:i32=0 results:[ error_code:i16 error_message:str? ]

31 DeleteAcls 1-3 flexible 2
> filters:[
    resource_type_filter:i8 resource_name_filter:str? pattern_type_filter:i8=3
    principal_filter:str? host_filter:str? operation:i8 permission_type:i8
  ]
< throttle_time_ms:i32=0 filter_results:[
    error_code:i16 error_message:str? matching_acls:[
      error_code:i16 error_message:str? resource_type:i8 resource_name:str pattern_type:i8=3
      principal:str host:str operation:i8 permission_type:i8
    ]
  ]
"""
