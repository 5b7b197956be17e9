"""HTTP/2 as a server speaks it (RFC 9113), without a socket.

connection    bytes in, events out; frames are judged here
sending       bytes out: both flow-control windows of the peer, fairly shared
heads         what a header block says, judged (sections 8.2, 8.3)
compression   header blocks, decoded once where they repeat (RFC 7541)
streams       one stream and the table of its states (section 5.1)
settings      both sides' parameters, their bounds
budgets       how often a peer may do what costs it nothing
"""
