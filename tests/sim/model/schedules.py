"""What waits for its time: one entry per message, by the id its publisher was given."""

from dragoman.kernel import records as r
from dragoman.kernel.commands import Publish
from dragoman.kernel.schedules import SCHEDULES, due_in, publish_of, unwrap

Id = tuple[int, int]  # hidden stream, offset

__all__ = ["SCHEDULES", "Id", "Schedules"]


class Schedules:
    def __init__(self) -> None:
        self.waiting: dict[Id, bytes] = {}  # as stored

    def put_off(self, record: r.Published, target: r.Target) -> None:
        for offset, stored in enumerate(record.bodies, target.offset):
            self.waiting[target.stream, offset] = stored

    def settle(self, record: r.ScheduleSettled) -> None:
        for start, end in record.runs:
            for offset in range(start, end):
                self.waiting.pop((record.stream, offset), None)

    def forget(self, stream: int) -> None:
        self.waiting = {at: stored for at, stored in self.waiting.items() if at[0] != stream}

    def due_ms(self, at: Id) -> int:
        return due_in(self.waiting[at])

    def command(self, at: Id) -> Publish:
        """What will be published."""
        return publish_of(unwrap(self.waiting[at]))

    def due(self, now_ms: int) -> list[Id]:
        """In the order they are published in."""
        late = [at for at in self.waiting if self.due_ms(at) <= now_ms]
        return sorted(late, key=lambda at: (self.due_ms(at), at[1]))
