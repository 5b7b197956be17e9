"""What gRPC puts on top of HTTP/2, without a socket: messages with a prefix, status, deadlines, metadata.

codes       the status codes, their names, and what HTTP calls them
"""
