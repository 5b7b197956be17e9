"""HTTP/1.1 as a server speaks it (RFC 9110, RFC 9112), without a socket.

connection   bytes in, whole requests out; what breaks the rules or the limits is refused
request      one request, whole
response     an answer's bytes
"""
