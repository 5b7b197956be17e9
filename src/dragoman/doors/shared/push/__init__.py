"""Pushing: from pushed subscriptions to requests, for every service that sends messages to URLs.

    kernel ──deliveries──> PushDoor ──> Feed ──Renderer.request_of──> Outbound
       ^                                 |                               |
       '──── ack, release, reject ── Renderer.judge <──── Answered ──────'

    renderer   what a face (a service that pushes) says: how its messages look, and what its answers mean
    feed       one pushed subscription: what it may hold, how it is put into requests, how it is settled
    issuer     tokens that tell a target who calls it; `certs` is where targets find the keys
    door       all of a face's subscriptions, on one session that has no socket

What is not taken is given back to the kernel with the delay that the face asks for. Nothing waits here for its time, so
that a restart in the middle of a backoff loses neither the message nor its place.
"""
