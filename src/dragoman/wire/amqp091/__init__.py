"""AMQP 0-9-1 as RabbitMQ speaks it: bytes in, events out, bytes to send; no sockets, no clock.

    bytes --> Connection --> FrameParser --> PublishRun | AckRun | MethodEvent | Content | ...
    entries --> deliver_run and its kin --> bytes          method objects --> method_frame --> bytes

`parser`, `events`, `outgoing` and `propertyscan` are the hot path and compile with mypyc; the rest
is ordinary Python read by people. Nothing here decides: an event says what the peer said.
"""
