"""Outbound HTTP that sends nothing: tests look at what was asked for, and answer it."""

from collections.abc import Callable, Sequence

from dragoman.ports.outbound import Answered, Failure, Outgoing


class FakeOutbound:
    """`under_way` are requests not answered yet, oldest first; `rooms` says what a URL takes, `room_else` all others."""

    def __init__(self, room_else: int = 64) -> None:
        self.under_way: list[tuple[Outgoing, Callable[[Answered], None]]] = []
        self.rooms: dict[str, int] = {}
        self.room_else = room_else

    def send(self, request: Outgoing, done: Callable[[Answered], None]) -> None:
        self.under_way.append((request, done))

    def room(self, url: str) -> int:
        waiting = sum(request.url == url for request, _ in self.under_way)
        return max(self.rooms.get(url, self.room_else) - waiting, 0)

    @property
    def bodies(self) -> list[bytes]:
        return [request.body for request, _ in self.under_way]

    def answer(
        self,
        status: int = 200,
        failure: Failure = "",
        body: bytes = b"",
        headers: Sequence[tuple[str, str]] = (),
    ) -> Outgoing:
        """Answer the oldest, as in a later turn; it is returned."""
        request, done = self.under_way.pop(0)
        done(Answered(status, headers, body, failure=failure))
        return request

    def answer_all(self, status: int = 200) -> None:
        for _ in range(len(self.under_way)):
            self.answer(status)
