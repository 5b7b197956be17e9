"""Azure Service Bus: its data plane over AMQP 1.0.

profile      which entity an address is: queues, subscriptions of topics, their dead letters
management   `ENTITY/$management`: its operations    sending    what clients send, batches and schedules too
sessions     a session as a source                   spelling   what clients are shown, and what their outcomes mean
tokens       lock tokens and sequence numbers
"""
