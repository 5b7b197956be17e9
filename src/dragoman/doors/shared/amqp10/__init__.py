"""AMQP 1.0 between the wire and a profile: connections, sessions, links, settlement, transactions, requests.

profile   the contract: what a service over AMQP 1.0 (Service Bus, Event Hubs, the generic door) provides
"""
