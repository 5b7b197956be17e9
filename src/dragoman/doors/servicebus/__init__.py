"""Azure Service Bus: its data plane over AMQP 1.0.

profile      which entity an address is: queues, subscriptions of topics, their dead letters
claims       `$cbs`: who may use what                sending    what clients send, batches and schedules too
management   `ENTITY/$management`: its operations    spelling   what clients are shown, and what their outcomes mean
sessions     a session as a source                   tokens     lock tokens and sequence numbers
"""
