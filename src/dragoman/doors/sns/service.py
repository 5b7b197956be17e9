"""What the handlers of all connections share."""

from dragoman.doors.sns.store import Store
from dragoman.doors.sqs.queue import Queues


class Service:
    """`queues` finds those of SQS that messages go to."""

    __slots__ = ("queues", "store")

    def __init__(self) -> None:
        self.store = Store()
        self.queues = Queues()
