"""How durable something is, and the format tags of stored bytes: small integers that travel on hot paths."""

from typing import Final

# Levels. A reply names the position it depends on and the level that position must have reached.
APPLIED: Final = 0  # in memory; gone when the process dies
WRITTEN: Final = 1  # handed to the operating system; survives kill -9 (`process` durability)
SYNCED: Final = 2  # on the disk; survives power loss (`disk` durability)

LEVELS: Final = {"applied": APPLIED, "written": WRITTEN, "synced": SYNCED}  # as people write them

# Format tags of stored bytes; never renumbered, they are on disk.
CANONICAL: Final = 0
AMQP091: Final = 1
KAFKA: Final = 2
SQS: Final = 3
CLOUDEVENT: Final = 4  # CloudEvents 1.0, JSON, structured
EVENTGRID: Final = 5  # Event Grid's own schema, JSON
PUBSUB: Final = 6
# 7 was never written
AMQP10: Final = 8
