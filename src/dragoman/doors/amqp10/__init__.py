"""Generic AMQP 1.0: queues, routes and streams by their names, for any client of the standard.

    profile    which node an address is        sending    what clients send, to publishes
    addresses  RabbitMQ 4's format and plain   spelling   what clients are shown, and what their outcomes mean

It is the profile that is asked last: whatever no service has taken.
"""
