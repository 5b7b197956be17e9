"""Google Cloud Pub/Sub: topics are streams, subscriptions are leased subscriptions of them.

    names      projects/P/topics/T and its like            publishing   Publish
    protos     its messages (of `wire.protobuf`)              pulling      Pull
    finding    what a name means in the kernel             streaming    StreamingPull
    topics     topics: made, told, changed, deleted        settling     Acknowledge, ModifyAckDeadline
    traits     a subscription's settings, both ways        seeking      Seek, snapshots
    subscriptions  made, told, changed, deleted            spelling     deliveries as ReceivedMessages
    schemas    SchemaService                         guarding     topics with a schema
    services   which method is whose                 pushing      push: requests and what answers mean

A project is a namespace. What other doors make is here, too: a stream is a topic, a queue a topic and a subscription.
"""
