"""The Kafka door: Kafka's requests to kernel commands and back, on one connection, without a socket.

door      frames, order of answers, what is parked        talk     what a handler may use
apis      every API, its versions, who answers it         errors   kernel errors to Kafka's codes
produce, fetch                                            the hot paths
metadata, topics, configs, alter, offsets, producers, transactions, auth, access
groups, commits, groupadmin                               classic consumer groups
spell     entries of other protocols as record batches    page     docs/doors/kafka.md
"""
