"""Administration of Service Bus: entities as Atom documents over HTTP (ServiceBusAdministrationClient).

face           which requests are its own, paths, refusals      access    who may come in
documents      entries and feeds                                fields    elements of descriptions, and what they take
entities       what a description makes, and how one is told    rules     rules as elements
"""
