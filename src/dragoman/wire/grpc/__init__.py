"""What gRPC puts on top of HTTP/2, without a socket: messages with a prefix, statuses, deadlines, metadata.

codes       status codes, their names, and what HTTP calls them
messages    messages cut out of content, packed and unpacked
metadata    values as headers spell them
"""
