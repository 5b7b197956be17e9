"""AMQP 1.0 (OASIS, parts 1 to 5): bytes in, events out, bytes to send; no sockets, no clock.

    bytes --> Connection --> FrameParser --> performatives, transfers --> events
    values --> encode        performatives --> frames        entries --> TransferTemplate --> frames

    values         Python's values for AMQP's          encode, decode  a value to bytes and back
    composites     described lists by a table          performatives, messaging, security  those of the standard
    frames         framing                             parser, transfers, sections         the hot path
    session, links, connection                         the state machines

A message is never decoded here: `sections` finds where its parts begin.
"""
