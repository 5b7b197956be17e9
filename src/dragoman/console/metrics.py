"""`/metrics`: everything counted, as Prometheus reads it. Spelled when it is asked for, by prometheus_client.

A scrape costs one census of the leased subscriptions and a few lines per protocol; per queue there are series of the
deepest only, so that their number is bounded whatever clients create.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

from dragoman.console.access import Access, refused
from dragoman.console.meters import METRICS, QUEUE, STATES, Metric
from dragoman.doors.shared.rest.call import Call, Request, Response, Route
from dragoman.doors.shared.rest.problem import problem
from dragoman.kernel.api import Census, QueueInfo, TakeCensus
from dragoman.telemetry.counters import GivenUp, Histogram, Meters, Pushes

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric as Family

QUEUES_DEFAULT: Final = 100
QUEUES_MAX: Final = 10_000
_US: Final = 1_000_000
_BY_NAME: Final[Mapping[str, Metric]] = {metric.name: metric for metric in METRICS}

Sample = tuple[tuple[str, ...], float]
"""(values of the labels, value)."""


class Sources:
    """Where the numbers are read."""

    def __init__(
        self,
        meters: Meters,
        given_up: GivenUp,
        build: tuple[str, str],
        is_ready: Callable[[], bool],
    ) -> None:
        self.meters = meters
        self.given_up = given_up
        self.build = build
        self.is_ready = is_ready


class MetricsFace:
    """One route."""

    name = "metrics"

    def __init__(self, sources: Sources, access: Access) -> None:
        self._sources = sources
        self._access = access

    def routes(self) -> Sequence[Route]:
        """See the module."""
        return (Route("GET", "/metrics", self._scrape),)

    def _scrape(self, call: Call) -> Response:
        """Raises Unauthorized, ValueError."""
        from prometheus_client.exposition import choose_encoder  # noqa: PLC0415 - some 50 ms

        self._access.check(call)
        call.session.act_as_broker()  # whoever may scrape sees all of it
        census = call.session.submit(TakeCensus(deepest_max=_queues_of(call.request)))
        samples = gather(self._sources, census, call.session.wall_ms())
        accept = (call.request.header(b"accept") or b"").decode("latin-1")
        encode, content_type = choose_encoder(accept)
        page = _Page(list(families(samples)))
        return Response(200, encode(page), ((b"content-type", content_type.encode()),))

    def refuse(self, request: Request, error: Exception) -> Response:
        """See `Face`."""
        answer = refused(error)
        if answer is None and isinstance(error, ValueError):
            answer = problem(400, "invalid-argument", str(error))
        return answer or problem(500, "fault")

    def not_found(self, request: Request, allowed: Sequence[str]) -> Response | None:
        """Whoever asks for something else is not known by his asking."""
        return None


def _queues_of(request: Request) -> int:
    """Raises ValueError."""
    given = parse_qs(request.query.decode("latin-1")).get("queues", [str(QUEUES_DEFAULT)])[0]
    if not given.isdecimal() or int(given) > QUEUES_MAX:
        raise ValueError(f"queues: 0 to {QUEUES_MAX}")
    return int(given)


class _Page:
    """What prometheus_client takes for a registry."""

    def __init__(self, found: "list[Family]") -> None:
        self._found = found

    def collect(self) -> "Iterator[Family]":
        """The families, then those of the process."""
        from prometheus_client import ProcessCollector  # noqa: PLC0415

        yield from self._found
        yield from ProcessCollector(registry=None).collect()


def gather(sources: Sources, census: Census, now_ms: int) -> dict[str, Any]:
    """Everything by the metric's name: samples, or the histogram itself."""
    meters = sources.meters
    given_up = sources.given_up
    deepest = census.deepest
    return {
        **_traffic(meters),
        "dragoman_build": [(sources.build, 1)],
        "dragoman_ready": [((), int(sources.is_ready()))],
        "dragoman_messages_given_up": _by(given_up.all),
        "dragoman_messages_dead_lettered": _by(given_up.lettered),
        "dragoman_streams": [((), census.streams)],
        "dragoman_subscriptions": [((), census.subscriptions)],
        "dragoman_routes": [((), census.routes)],
        "dragoman_pumps": [((), census.pumps)],
        "dragoman_consumers": [((), census.consumers)],
        "dragoman_messages": [((state,), getattr(census, state)) for state in STATES],
        "dragoman_stored_bytes": [((), census.stored_bytes)],
        "dragoman_resident_bytes": [((), census.resident_bytes)],
        "dragoman_queue_messages": [
            ((*_place(info), state), getattr(info, state)) for info in deepest for state in STATES
        ],
        "dragoman_queue_oldest_seconds": [(_place(info), _age_s(info, now_ms)) for info in deepest],
        "dragoman_queue_consumers": [(_place(info), info.consumers) for info in deepest],
        "dragoman_journal_sync_seconds": meters.journal_sync,
        "dragoman_checkpoint_seconds": meters.checkpoint,
        "dragoman_loop_lag_seconds": meters.loop_lag,
        **_pushes(meters.pushes),
        "dragoman_turns": [((), meters.turns)],
        "dragoman_faults": [((), meters.faults)],
    }


def _traffic(meters: Meters) -> dict[str, list[Sample]]:
    items = sorted(meters.traffic.items())
    return {
        "dragoman_messages_published": [((name,), known.published) for name, known in items],
        "dragoman_published_bytes": [((name,), known.published_bytes) for name, known in items],
        "dragoman_messages_delivered": [((name,), known.delivered) for name, known in items],
        "dragoman_delivered_bytes": [((name,), known.delivered_bytes) for name, known in items],
        "dragoman_messages_settled": [
            ((name, outcome), count)
            for name, known in items
            for outcome, count in sorted(known.settled.items())
        ],
        "dragoman_commands_refused": [
            ((name, code), count)
            for name, known in items
            for code, count in sorted(known.refused.items())
        ],
        "dragoman_connections": [((name,), known.connections) for name, known in items],
        "dragoman_connections_opened": [
            ((name,), known.connections_opened) for name, known in items
        ],
    }


def _pushes(pushes: Pushes) -> dict[str, Any]:
    return {
        "dragoman_push_requests": [((), pushes.sent)],
        "dragoman_push_answers": _by(pushes.answered),
        "dragoman_push_failures": _by(pushes.failed),
        "dragoman_push_under_way": [((), pushes.under_way)],
        "dragoman_push_waiting": [((), pushes.waiting)],
        "dragoman_push_seconds": pushes.latency,
    }


def _by(counts: Mapping[str, int]) -> list[Sample]:
    return [((reason,), count) for reason, count in sorted(counts.items())]


def _place(info: QueueInfo) -> tuple[str, ...]:
    return (info.namespace, info.stream, info.name)


def _age_s(info: QueueInfo, now_ms: int) -> float:
    return max(now_ms - info.oldest_ms, 0) / 1000 if info.oldest_ms else 0.0


def families(samples: Mapping[str, Any]) -> "Iterator[Family]":
    """What was gathered, as prometheus_client spells it, in the order of the table."""
    from prometheus_client.core import (  # noqa: PLC0415
        CounterMetricFamily,
        GaugeMetricFamily,
        HistogramMetricFamily,
    )

    for name, found in samples.items():
        metric = _BY_NAME[name]
        if metric.kind == "histogram":
            family = HistogramMetricFamily(name, metric.help)
            family.add_metric([], _buckets(found), found.sum_us / _US)
            yield family
            continue
        kind = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
        made = kind(name, metric.help, labels=metric.labels)
        for labels, value in found:
            made.add_metric(labels, value)
        yield made


def _buckets(histogram: Histogram) -> list[tuple[str, float]]:
    """Cumulative, by upper bounds in seconds."""
    found: list[tuple[str, float]] = []
    total = 0
    for bits, count in enumerate(histogram.buckets):
        total += count
        is_last = bits == len(histogram.buckets) - 1
        found.append(("+Inf" if is_last else repr((1 << bits) / _US), total))
    return found


assert set(QUEUE) < set(_BY_NAME["dragoman_queue_messages"].labels)
