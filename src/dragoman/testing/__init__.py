"""A broker for tests: in this process, in memory, on free ports, with a clock the test moves.

    from dragoman.testing import broker

    with broker() as dragoman:
        producer = confluent_kafka.Producer({"bootstrap.servers": dragoman.kafka.bootstrap})
        ...
        dragoman.clock.advance(60)  # what waits for time waits no longer

With pytest the fixture `dragoman` is one such broker for the whole run.
"""

from dragoman.testing.broker import RunningBroker, broker
from dragoman.testing.clock import MovableClock

__all__ = ["MovableClock", "RunningBroker", "broker"]
