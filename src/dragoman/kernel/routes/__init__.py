"""Routes: where a message goes, by its key, its fields or by chance. They store nothing but bindings.

    binding    one binding, and what identifies it        matcher    the small interface of all kinds
    direct  fanout  topic  headers  consistent_hash  modulus_hash  random_choice       one kind each
    cache      results per key, bounded                   hashing    hashes that are the same everywhere, always
    route      bindings kept once, around a matcher       graph      routes bound to routes, resolved to final targets

Targets are opaque: anything hashable. Nothing here knows streams, records or names.
"""
