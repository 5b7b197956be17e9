"""What a broker costs when nothing happens, and when much waits: start, idle, queues, backlog.

Each function is given a broker not yet started, the options and the generator call, and returns
one round's figures. A backlog goes:

    a small one: sent, drained            the rates of an empty queue
    nine tenths sent, the last tenth sent the rate on top of a full queue, memory at its peak
    stopped, started; killed, started     seconds until clients are served, nothing lost
    drained one by one                    the rate of consuming a full queue
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench import azurelife, kafkalife, measure, rabbitlife, ruleslife
from bench.generators.amqp_wire import AmqpSocket
from bench.generators.kafka_wire import KafkaSocket
from bench.peers import Peer
from bench.scenarios import Half

Figures = dict[str, float]
Generate = Callable[[Peer, tuple[Half, ...], dict[str, Any]], Figures]

IDLE_WAIT_S = 2.0
BACKLOG_MESSAGE_BYTES = 100
BACKLOG_STEP = 1000  # counts are whole blocks of the generator
SMALL_SHARE = 20  # the empty queue's rates are taken from a twentieth, at least SMALL_MIN
SMALL_MIN = 20_000
QUEUE = "backlog"
PARKED_S = 3.0
STORM_S = 40.0  # of calm, and of storm: the first three tries of Event Grid's schedule


class LostMessagesError(RuntimeError):
    """What was confirmed is not there after a restart."""


@dataclass(frozen=True, slots=True)
class LifeOptions:
    """Sizes that a quick run makes smaller."""

    backlog_messages: int = 500_000
    idle_queues: int = 10_000
    parked_receives: int = 10_000
    bad_endpoints: int = 10_000
    scheduled_tasks: int = 1_000_000


def start_and_idle(peer: Peer, _options: LifeOptions, _generate: Generate) -> Figures:
    """Start on an empty folder until clients are served, then memory and CPU at rest."""
    peer.start()
    ready_s = peer.ready_s
    time.sleep(IDLE_WAIT_S)
    before = measure.usage(peer.pids[:1])
    time.sleep(IDLE_WAIT_S)
    spent = measure.usage(peer.pids[:1]).since(before)
    return {
        "ready_s": ready_s,
        "rss_idle_mb": measure.rss_mb(peer.pids[:1]),
        "idle_cpu_share": spent.cpu_s / spent.at_s,
    }


def idle_queues(peer: Peer, options: LifeOptions, _generate: Generate) -> Figures:
    """Memory with many durable queues that nobody uses."""
    peer.start()
    empty_mb = measure.rss_mb(peer.pids[:1])
    connection = AmqpSocket.connect(*peer.endpoint("amqp"))
    start = time.monotonic()
    for number in range(options.idle_queues):
        connection.declare(f"idle-{number}", durable=True)
    took_s = time.monotonic() - start
    time.sleep(IDLE_WAIT_S)
    return {
        "queues": options.idle_queues,
        "declares_per_s": options.idle_queues / took_s,
        "rss_empty_mb": empty_mb,
        "rss_idle_mb": measure.rss_mb(peer.pids[:1]),
    }


def parked_receives(peer: Peer, options: LifeOptions, generate: Generate) -> Figures:
    """Many receives that wait for messages, each on its connection: memory, and how soon one is woken."""
    peer.start()
    told = {"parked": options.parked_receives}
    half = Half(module="sqs_parked", protocol="sqs", parameters=told)
    found = generate(peer, (half,), {"queue": "parked", "seconds": PARKED_S})
    return {"parked": options.parked_receives, **found}


def bad_endpoints(peer: Peer, options: LifeOptions, generate: Generate) -> Figures:
    """Webhooks that live beside many that died: what an event to them takes, to what it took before."""
    peer.start()
    told = {"bad": options.bad_endpoints}
    half = Half(module="eventgrid_storm", protocol="eventgrid", parameters=told)
    found = generate(peer, (half,), {"seconds": STORM_S})
    return {"bad": options.bad_endpoints, **found}


def scheduled_tasks(peer: Peer, options: LifeOptions, generate: Generate) -> Figures:
    """Tasks that wait for tomorrow: memory, and how long a start takes that finds them."""
    peer.start()
    told = {"mode": "schedule", "window": 256, "count": options.scheduled_tasks}
    half = Half(module="tasks_raw", protocol="cloudtasks", parameters=told)
    found = generate(peer, (half,), {"queue": "scheduled", "seconds": None})
    time.sleep(IDLE_WAIT_S)
    rss_mb = measure.rss_mb(peer.pids[:1])
    peer.stop()
    peer.start()
    restart_s = peer.ready_s
    peer.kill()
    peer.start()
    return {
        "scheduled": options.scheduled_tasks,
        "rate": found["rate"],
        "rss_peak_mb": found["rss_peak_mb"],
        "rss_waiting_mb": rss_mb,
        "restart_s": restart_s,
        "restart_after_kill_s": peer.ready_s,
        "rss_idle_mb": measure.rss_mb(peer.pids[:1]),
    }


def _sizes(options: LifeOptions) -> tuple[int, int, int]:
    """Messages of the small backlog, of the first nine tenths, of the last tenth."""
    steps = max(10, options.backlog_messages // BACKLOG_STEP)
    small = max(SMALL_MIN, options.backlog_messages // SMALL_SHARE)
    last = max(1, steps // 10)
    return small // BACKLOG_STEP * BACKLOG_STEP, (steps - last) * BACKLOG_STEP, last * BACKLOG_STEP


def _amqp_half(mode: str) -> tuple[Half, ...]:
    told = {"mode": mode, "size_bytes": BACKLOG_MESSAGE_BYTES, "persistent": True}
    told |= {"connections": 1, "window": 1000, "prefetch": 300, "ack": "each"}
    return (Half(module="amqp_raw", protocol="amqp", parameters=told),)


def _kafka_half(mode: str) -> tuple[Half, ...]:
    told = {"mode": mode, "record_bytes": BACKLOG_MESSAGE_BYTES, "batch_records": 1}
    told |= {"connections": 1, "in_flight": 64}
    return (Half(module="kafka_raw", protocol="kafka", parameters=told),)


def backlog_amqp(peer: Peer, options: LifeOptions, generate: Generate) -> Figures:
    """Messages sent and confirmed, then consumed and acked, one by one over AMQP."""
    send, drain = _amqp_half("confirm"), _amqp_half("drain")

    def waiting() -> int:
        connection = AmqpSocket.connect(*peer.endpoint("amqp"))
        count = connection.declare(f"{QUEUE}-0", durable=True, passive=True)
        connection.close()
        return count

    return _backlog(peer, options, generate, send=send, drain=drain, waiting=waiting)


def backlog_kafka(peer: Peer, options: LifeOptions, generate: Generate) -> Figures:
    """Records produced in requests of one, then fetched, over Kafka."""
    send, drain = _kafka_half("produce"), _kafka_half("drain")

    def waiting() -> int:
        connection = KafkaSocket.connect(*peer.endpoint("kafka"))
        count = connection.end_offset(QUEUE, 0)
        connection.close()
        return count

    return _backlog(peer, options, generate, send=send, drain=drain, waiting=waiting)


def _backlog(
    peer: Peer,
    options: LifeOptions,
    generate: Generate,
    *,
    send: tuple[Half, ...],
    drain: tuple[Half, ...],
    waiting: Callable[[], int],
) -> Figures:
    small, most, last = _sizes(options)
    peer.start()

    def load(half: tuple[Half, ...], name: str, count: int | None, *, keep: bool) -> Figures:
        told = {"queue": name, "topic": name, "count": count, "seconds": None, "keep": keep}
        return generate(peer, half, told)

    load(send, "warm", small, keep=True)  # Java compiles, caches fill; not counted
    load(drain, "warm", None, keep=False)
    empty_send = load(send, "small", small, keep=True)
    empty_drain = load(drain, "small", None, keep=False)
    first = load(send, QUEUE, most, keep=True)
    deep_send = load(send, QUEUE, last, keep=True)
    rss_waiting = measure.rss_mb(peer.pids[:1])
    restart_s = _restart(peer, peer.stop, most + last, waiting)
    restart_after_kill_s = _restart(peer, peer.kill, most + last, waiting)
    deep_drain = load(drain, QUEUE, None, keep=False)
    if deep_drain["count"] != most + last:
        raise LostMessagesError(f"{most + last} waited, {deep_drain['count']} came")
    return {
        "messages": most + last,
        "send_rate_empty": empty_send["rate"],
        "send_rate_deep": deep_send["rate"],
        "send_share": deep_send["rate"] / empty_send["rate"],
        "drain_rate_empty": empty_drain["rate"],
        "drain_rate_deep": deep_drain["rate"],
        "drain_share": deep_drain["rate"] / empty_drain["rate"],
        "rss_waiting_mb": rss_waiting,
        "rss_peak_mb": max(run["rss_peak_mb"] for run in (first, deep_send, deep_drain)),
        "restart_s": restart_s,
        "restart_after_kill_s": restart_after_kill_s,
        "cpu_us_per_message": first["cpu_us_per_message"],
        "drain_cpu_us_per_message": deep_drain["cpu_us_per_message"],
    }


def _restart(
    peer: Peer, end: Callable[[], None], expected: int, waiting: Callable[[], int]
) -> float:
    """End the broker, start it on the same folder, and count what still waits."""
    end()
    peer.start()
    found = waiting()
    if found != expected:
        raise LostMessagesError(f"{expected} were confirmed, {found} are left after a restart")
    return peer.ready_s


LIFE: dict[str, Callable[[Peer, LifeOptions, Generate], Figures]] = {
    "life/start": start_and_idle,
    "life/idle-queues": idle_queues,
    "life/parked-receives": parked_receives,
    "life/bad-endpoints": bad_endpoints,
    "life/scheduled-tasks": scheduled_tasks,
    "life/backlog-amqp": backlog_amqp,
    "life/backlog-kafka": backlog_kafka,
    **azurelife.LIFE,
    **kafkalife.LIFE,
    **rabbitlife.LIFE,
    **ruleslife.LIFE,
}
