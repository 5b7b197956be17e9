"""Kafka's wire protocol without a socket: frames, headers, messages, record batches, error codes.

    frame     length-prefixed frames out of what was read, and request heads
    codec     any message of any version to and from a dict, by functions made at first use
    produce   Produce by hand, for the hot path        fetch    Fetch by hand, for the hot path
    batch     heads of record batches, checked and patched without opening them
    records   records inside a batch                   errors   Kafka's error codes

It knows nothing of topics, groups or storage: the door does.
"""
