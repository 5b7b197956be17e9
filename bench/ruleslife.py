"""What rules cost: expressions beside other engines, and a topic of Kafka's on which none stands.

    life/rules         filters and a transform of an order of 1 KB, ours beside the others; of ours also a schema,
                       bindings, what a whole publish pays
    life/rules-kafka   produce to a topic without rules, in turns while the broker has none and while it has many

Each engine measures itself, in a process of its own, by CPU time; `parse` is what ours shares with whatever else looks
at the body.
"""

import json
import urllib.error
import urllib.request
from statistics import median
from typing import Any

from bench.peers import Peer
from bench.peers.dragoman import PYTHON
from bench.peers.engines import Engine, run
from bench.scenarios import RECORD_BYTES, Half

Figures = dict[str, float]

RULES = 100
TURNS = 5
SECONDS = 1.0
HALF = Half(
    module="kafka_raw",
    protocol="kafka",
    parameters={
        "mode": "produce",
        "record_bytes": RECORD_BYTES,
        "acks": 1,
        "batch_records": 127,
        "in_flight": 5,
        "connections": 1,
    },
)


def engines(peer: Peer, _options: object, _generate: object) -> Figures:
    """What an engine makes of one message."""
    peer.start()
    if isinstance(peer, Engine):
        return peer.measure()
    found = run([PYTHON, "-m", "bench.micro.cel", "ours"])
    return found | run([PYTHON, "-m", "bench.micro.rules", "--json"])


def beside(peer: Peer, _options: object, generate: Any) -> Figures:
    """Produce, with rules elsewhere and without."""
    peer.start()
    costs: dict[bool, list[float]] = {False: [], True: []}
    rates: dict[bool, list[float]] = {False: [], True: []}
    for turn in range(2 * TURNS):
        has_rules = turn % 4 in (1, 2)
        _set_rules(peer, there=has_rules)
        told = {"seconds": SECONDS, "queue": "", "topic": f"rules-{turn}"}
        figures = generate(peer, (HALF,), told)
        costs[has_rules].append(figures["cpu_ms_per_mb"])
        rates[has_rules].append(figures["mb_per_s"])
    return {
        "mb_per_s": median(rates[False]),
        "cpu_ms_per_mb": median(costs[False]),
        "rules": RULES,
        "cost_ratio": median(costs[True]) / median(costs[False]),
        "rate_ratio": median(rates[True]) / median(rates[False]),
    }


def _set_rules(peer: Peer, *, there: bool) -> None:
    for number in range(RULES):
        name = f"rule-{number}"
        if there:
            settings = {"on": [f"other-{number}"], "check": "msg.total > 0.0"}
            _ask(peer, "PUT", name, {"settings": settings})
        elif _ask(peer, "GET", name) is not None:
            _ask(peer, "DELETE", name)


def _ask(peer: Peer, method: str, name: str, body: object = None) -> Any:
    host, port = peer.endpoint("sqs")
    request = urllib.request.Request(
        f"http://{host}:{port}/admin/v1/rules/default/{name}",
        None if body is None else json.dumps(body).encode(),
        method=method,
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        if error.code != 404:
            raise
        return None


LIFE = {"life/rules": engines, "life/rules-kafka": beside}
