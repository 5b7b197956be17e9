"""Schemas: what they say, whether data is as they say, whether one may follow another.

    avro     Avro 1.11: `avro` reads a schema, `avrodata` judges data, `avrochange` whether one reads what another wrote
    proto    Protocol Buffers, proto2 and proto3: `protosource` reads a definition, `proto` judges data, `protochange`
             whether one reads what another wrote; `compiled` reads what protoc made of a definition, and `compiledtext`
             is how that is kept
    languages    both of them, remembering what was read: the kernel's port, and what doors ask

A schema is anybody's text and may mean harm: its size, its depth and how many things it declares are bounded before
anything is made of it, and so is what data may make of it. What is read once is kept.
"""
