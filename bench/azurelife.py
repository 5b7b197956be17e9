"""What links, sessions and subscriptions of Service Bus cost when there are many.

    life/amqp10-links       links that wait, half of them to receive, over few connections: memory
    life/azure-sessions     sessions opened in turn, whichever is next, and held: the last of them to the first
    life/azure-rules        a topic with as many SQL filters as Azure lets it have: CPU of a message, to one without
    life/azure-correlation  a topic with as many correlation filters: CPU of a message, to one with a hundredth of them

Frames are this process's own; only the broker's memory and CPU are counted.
"""

import json
import time
from http import HTTPStatus
from http.client import HTTPConnection
from typing import Any

from bench import measure
from bench.generators import control
from bench.generators.amqp10_wire import Numbered, Wire, outcomes
from bench.generators.servicebus_raw import DESCRIPTION, administer, message
from bench.peers import Peer
from dragoman.wire.amqp10.composites import to_bytes
from dragoman.wire.amqp10.encode import encode
from dragoman.wire.amqp10.messaging import Properties, Source, Target
from dragoman.wire.amqp10.performatives import Attach, Begin
from dragoman.wire.amqp10.values import Described, Symbol, ULong

Figures = dict[str, float]

LINKS = 10_000
LINKS_A_SESSION = 250
SESSIONS_A_CONNECTION = 10
QUEUES = 100
SESSIONS = 1_000
TIMED = 100  # first and last sessions that are compared
RULES = 2_000
CORRELATIONS = 100_000
CORRELATIONS_FEW = 1_000
JUDGED = 5_000  # messages, each by all filters
OWNERS = 1_000  # subscriptions that share the filters
TIMEOUT_S = 60.0
MESSAGES = 1_000
WINDOW = 100
SETTLE_S = 2.0
AGENT = "bench-servicebus"
SESSION_FILTER = Symbol("com.microsoft:session-filter")
CONNECT = 'xmlns="http://schemas.microsoft.com/netservices/2010/10/servicebus/connect"'
ENTRY = '<entry xmlns="http://www.w3.org/2005/Atom"><content type="application/xml">{}</content></entry>'


def _told(peer: Peer, path: str) -> dict[str, Any]:
    host, port = peer.endpoint("amqp")
    return {"host": host, "port": port, "queue": path}


def _wire(peer: Peer) -> Wire:
    wire = Wire(*peer.endpoint("amqp"), AGENT)
    wire.claim()
    return wire


def _make(peer: Peer, path: str, kind: str, inside: str = "") -> None:
    description = f"<{kind} {CONNECT} {{}}>{inside}</{kind}>"
    schema = 'xmlns:i="http://www.w3.org/2001/XMLSchema-instance"'
    administer(_told(peer, path), "PUT", ENTRY.format(description.format(schema)).encode())


def idle_links(peer: Peer, _options: object, _generate: object) -> Figures:
    """Memory with very many links on which nothing happens; those that receive have credit."""
    peer.start()
    for number in range(QUEUES):
        administer(_told(peer, f"idle-{number}"), "PUT", DESCRIPTION)
    time.sleep(SETTLE_S)
    empty_mb = measure.rss_mb(peer.pids[:1])
    wires: list[Wire] = []
    start = time.monotonic()
    for first in range(0, LINKS, LINKS_A_SESSION * SESSIONS_A_CONNECTION):
        wires.append(_wire(peer))
        for channel in range(1, SESSIONS_A_CONNECTION + 1):
            _attach_many(wires[-1], channel, first + channel * LINKS_A_SESSION)
    took_s = time.monotonic() - start
    time.sleep(SETTLE_S)
    full_mb = measure.rss_mb(peer.pids[:1])
    for wire in wires:
        wire.close()
    return {
        "links": LINKS,
        "attaches_per_s": LINKS / took_s,
        "rss_empty_mb": empty_mb,
        "rss_idle_mb": full_mb,
        "kb_per_link": (full_mb - empty_mb) * 1000 / LINKS,
    }


def _attach_many(wire: Wire, channel: int, first: int) -> None:
    wire.say(
        Begin(next_outgoing_id=0, incoming_window=5_000, outgoing_window=5_000), channel=channel
    )
    for handle in range(LINKS_A_SESSION):
        name, address = f"link-{first + handle}", f"idle-{handle % QUEUES}"
        receives = handle % 2 == 0
        source = Source(address if receives else "me")
        attach = Attach(
            name, handle, receives, source=source, target=Target("me" if receives else address)
        )
        wire.attach(attach, channel)
        if receives:
            wire.flow(handle, 1, channel=channel)


def sessions_in_turn(peer: Peer, _options: object, _generate: object) -> Figures:
    """Each session has a message; receivers ask for whichever is next, and keep it."""
    peer.start()
    _make(peer, "sessions", "QueueDescription", "<RequiresSession>true</RequiresSession>")
    sender = _wire(peer)
    sender.attach(Attach("s", 0, False, source=Source("me"), target=Target("sessions")))
    for number in range(SESSIONS):
        said = to_bytes(Properties(message_id=str(number), group_id=f"session-{number}"))
        payload = said + encode(Described(ULong(0x75), b"x"))
        sender.sock.sendall(Numbered(0, payload).frames(number + 1, 1))
        while not outcomes(sender.frames()):
            pass
    receiver = _wire(peer)
    taken: list[float] = []
    for number in range(SESSIONS):
        channel, handle = divmod(number, LINKS_A_SESSION)
        if handle == 0:
            begin = Begin(next_outgoing_id=0, incoming_window=5_000, outgoing_window=5_000)
            receiver.say(begin, channel=channel + 1)
        source = Source("sessions", filter={SESSION_FILTER: None})
        attach = Attach(f"r{number}", handle, True, source=source, target=Target("me"))
        since = time.perf_counter()
        receiver.attach(attach, channel + 1)
        taken.append((time.perf_counter() - since) * 1e6)
    sender.close()
    receiver.close()
    first, last = (sorted(part)[TIMED // 2] for part in (taken[:TIMED], taken[-TIMED:]))
    return {"sessions": SESSIONS, "first_us": first, "last_us": last, "last_to_first": last / first}


def many_rules(peer: Peer, _options: object, _generate: object) -> Figures:
    """A message that none of 2,000 subscriptions takes, each by an SQL filter that has to be asked."""
    peer.start()
    figures: Figures = {"subscriptions": RULES}
    for topic, count in (("plain", 0), ("filtered", RULES)):
        _make(peer, topic, "TopicDescription")
        for number in range(count):
            expression = f"attempt &gt; {number + 10} AND region LIKE 'e%'"
            rule = (
                f'<Filter i:type="SqlFilter"><SqlExpression>{expression}</SqlExpression></Filter>'
            )
            default = (
                f"<DefaultRuleDescription>{rule}<Name>$Default</Name></DefaultRuleDescription>"
            )
            _make(peer, f"{topic}/subscriptions/s{number}", "SubscriptionDescription", default)
        wire = _wire(peer)
        wire.attach(Attach("s", 0, False, source=Source("me"), target=Target(topic)))
        before = measure.usage(peer.pids[:1])
        _send(wire, MESSAGES)
        spent = measure.usage(peer.pids[:1]).since(before)
        wire.close()
        figures[f"cpu_us_{topic}"] = spent.cpu_s * 1e6 / MESSAGES
    return figures


def many_correlations(peer: Peer, _options: object, _generate: object) -> Figures:
    """A message that none of 100,000 correlation filters takes, and none of 1,000."""
    peer.start()
    figures: Figures = {"filters": CORRELATIONS}
    for topic, count in (("few", CORRELATIONS_FEW), ("many", CORRELATIONS)):
        _make(peer, topic, "TopicDescription")
        since = time.monotonic()
        for first in range(0, count, count // OWNERS):
            _subscribe(peer, topic, range(first, first + count // OWNERS))
        figures[f"made_{topic}_s"] = time.monotonic() - since
        wire = _wire(peer)
        wire.attach(Attach("s", 0, False, source=Source("me"), target=Target(topic)))
        _send(wire, MESSAGES)  # what is looked up is made ready by the first
        before = measure.usage(peer.pids[:1])
        _send(wire, JUDGED)
        spent = measure.usage(peer.pids[:1]).since(before)
        wire.close()
        figures[f"cpu_us_{topic}"] = spent.cpu_s * 1e6 / JUDGED
    figures["many_to_few"] = figures["cpu_us_many"] / figures["cpu_us_few"]
    return figures


def _subscribe(peer: Peer, topic: str, numbers: range) -> None:
    """A subscription with a correlation filter for each number."""
    rules = [
        {
            "name": str(number),
            "kind": "correlation",
            "fields": {"content-type": "application/json"},
            "properties": {"region": "eu", "attempt": number + 10},
        }
        for number in numbers
    ]
    settings = {"filter": {"rules": rules}, "dialect": "servicebus"}
    http = HTTPConnection(*peer.endpoint("amqp"), timeout=TIMEOUT_S)
    body = json.dumps({"name": f"s{numbers[0]}", "settings": settings})
    headers = {"Content-Type": "application/json"}
    http.request("POST", f"/admin/v1/streams/default/{topic}/subscriptions", body, headers)
    answer = http.getresponse()
    if answer.status >= HTTPStatus.BAD_REQUEST:
        raise control.LoadFailedError(f"a subscription: {answer.read()!r}")
    http.close()


def _send(wire: Wire, count: int) -> None:
    transfers = Numbered(0, message(256))
    sent = answered = 0
    while answered < count:
        room = min(WINDOW - (sent - answered), count - sent)
        if room:
            wire.sock.sendall(transfers.frames(sent + 1, room))
        sent += room
        answered += outcomes(wire.frames())


LIFE = {
    "life/amqp10-links": idle_links,
    "life/azure-sessions": sessions_in_turn,
    "life/azure-rules": many_rules,
    "life/azure-correlation": many_correlations,
}
