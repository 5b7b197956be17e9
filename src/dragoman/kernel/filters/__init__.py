"""Filters: typed predicates over a message's headers and attributes, compiled to one Python function each.

    nodes     the predicate as data, and its bounds
    values    what equality and order mean for typed values
    compiler  predicate -> Python function
    index     thousands of filters found by look-up
    text      predicate -> readable text
    amqp      bindings of a headers exchange -> predicate
    eventgrid filters of event subscriptions -> predicate
    pubsub    filters of Pub/Sub subscriptions -> predicate
    jms       selectors of JMS -> predicate
    servicebus rules of Service Bus subscriptions -> predicate, and `actions`; most are written in `sql`
    cel       conditions of CEL -> predicate, and `expressions`; `emit` and `conditions` write Python of those, and
              `evaluation`, `conversions`, `times`, `message` and `output` are what it calls
    dialects  all of these by name
    shown     any dialect's predicate -> CEL that takes the same
    parser    what conditions of SQL-92 have in common, over `tokens`; `reckoning` is their arithmetic

Every dialect is a front end onto the same nodes. Nothing here knows streams, routes or bytes.
"""
