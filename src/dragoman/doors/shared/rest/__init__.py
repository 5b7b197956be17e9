"""Services over HTTP/1.1: one connection door, one table of routes, a face per service.

    bytes -> wire.http -> Request -> Router -> the face's handler -> Response | Parked -> wire.http -> bytes

Any port answers any service, so all faces of a broker share one table. `call` is what a handler is given and gives.
"""
