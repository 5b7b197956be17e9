"""Outbound HTTP: what the broker sends to URLs that its users name (webhooks, push endpoints, task targets).

    send -> target -> lanes: whose turn -> client: resolve, judge, connect, request -> Answered
                        ^                                                                |
                        '---- standing: how the target answered decides its lane --------'

    urls        what a URL names                     standing   how targets answered, as a table
    guard       which addresses may be called        lanes      who is sent next; bad targets cost others nothing
    resolver    names to judged addresses            client     one request: address, connection, TLS, time
    head        a request's first lines              outbound   all of it together: `ports.outbound.Outbound`
    connection  an answer at a time, kept between    trust      whom TLS believes

Stands beside the listeners: asyncio is allowed here, doors and kernel are unknown. Nothing is retried here but on a
kept connection that turns out to be dead, and nothing survives a restart: what is to be sent again is the kernel's to
know. Loaded when something is first pushed.
"""
