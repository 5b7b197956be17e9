"""What carries messages on, and how far it came."""

from dragoman.kernel import records as r


class Pump:
    def __init__(self, record: r.PumpCreated) -> None:
        self.id = record.id
        self.name = record.name
        self.stream = record.stream
        self.subscription = record.subscription  # 0: by cursors
        self.settings = record.settings
        self.cursors = list(record.cursors)
        self.carried = record.carried
        self.dropped = record.dropped
        self.ends = None if record.ends is None else list(record.ends)

    def cursor(self, partition: int) -> int:
        return self.cursors[partition] if partition < len(self.cursors) else 0

    def move(self, record: r.PumpMoved) -> None:
        self.carried, self.dropped = record.carried, record.dropped
        if record.offset >= 0:  # by cursors
            self.cursors += [0] * (record.partition + 1 - len(self.cursors))
            self.cursors[record.partition] = record.offset
