"""Azure Event Grid: topics that push, namespaces that are pulled from, and what manages both.

    publishing   events in, three schemas        pulling, settling   a namespace's subscriptions
    access       who may                         delivering          webhooks; schedule, handshake
    topics       what is published to            management          Azure Resource Manager's resources

A topic is a stream, an event subscription a leased subscription of it. What Resource Manager gives back verbatim is
kept in documents; what acts stands in the settings of streams and subscriptions.
"""
