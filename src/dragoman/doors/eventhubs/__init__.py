"""Azure Event Hubs: hubs are streams, as Kafka's topics are, read by cursors; over AMQP 1.0, and by HTTP for senders.

    profile       which node an address is          hubs        hubs by their names, made when they are first used
    addresses     paths of links                    hashing     which partition a key has
    sending       events to publishes               positions   where a receiver begins
    receiving     a partition read for a group      management  what hubs and partitions say of themselves
    spelling      events as they are shown          last        the last event of a partition
    face          sending by HTTP

A sequence number is the kernel's offset, and so is the offset, as text: the same for Kafka's clients.
"""
