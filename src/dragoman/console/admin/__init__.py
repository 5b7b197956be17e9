"""The admin API: what there is and what is to be, as plain JSON under `/admin/v1`. `dragoman queue` and its companions
speak it, and so do the web console and others' management interfaces.

    endpoint   one operation: where, what goes in, what comes out        face      all of them as one service
    options    settings of entities as JSON                              views     entities as JSON
    streams, queues, routes, pumps, rules, messages    the operations
    openapi    their description, made from them
"""
