"""Services over gRPC: one connection door on HTTP/2, one table of methods, a service per interface.

    bytes -> wire.http2 -> wire.grpc -> the method's handler -> Reply | Pending | Stream -> wire.http2 -> bytes

`call` is what a handler is given and gives. Any port answers any service, so all services of a broker share one table;
a request that is no gRPC is served by `doors.shared.rest`'s table, as over HTTP/1.1.
"""
