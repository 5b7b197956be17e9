"""The REST API of Confluent's Schema Registry, on the kernel's store of schemas.

face       routes, who may ask, how the answer leaves      subjects   schemas by subject, version and id
configs    compatibility levels and modes                  spelling   JSON of requests and answers
errors     the registry's codes
"""
