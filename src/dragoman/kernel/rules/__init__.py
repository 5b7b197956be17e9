"""Rules: what becomes of messages on their way into a stream, through a binding, by a pump.

    settings    what a rule says
    transform   expressions -> what a message says otherwise
    schema      a subject of the store of schemas -> whether a message is as it says
    rule        a rule, ready to run on messages
    book        the rules there are, by name and by the streams that they judge; kept as documents
    judging     the rules of a stream at publish: refused, buried, marked, dropped
    commands    what can be asked: put, delete, list, try

A rule is named, numbered anew with each change, and looked up by name when a message comes: changing it changes what
the next message meets.
"""
