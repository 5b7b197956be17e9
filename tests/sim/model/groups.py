"""Where groups go on reading."""

from dragoman.kernel import records as r

Place = tuple[int, int]  # stream, partition


class Groups:
    def __init__(self) -> None:
        self.cursors: dict[str, dict[Place, tuple[int, int, str]]] = {}  # (offset, epoch, metadata)

    def commit(self, record: r.CursorsCommitted, streams: set[int]) -> None:
        known = self.cursors.setdefault(record.group, {})
        for stream, partition, offset, epoch, metadata in record.cursors:
            if stream in streams:
                known[stream, partition] = (offset, epoch, metadata)

    def delete(self, record: r.CursorsDeleted) -> None:
        for stream, partition in record.cursors:
            self.cursors.get(record.group, {}).pop((stream, partition), None)

    def forget(self, record: r.GroupDeleted) -> None:
        self.cursors.pop(record.group, None)

    def forget_stream(self, stream: int) -> None:
        for known in self.cursors.values():
            for place in [place for place in known if place[0] == stream]:
                del known[place]
