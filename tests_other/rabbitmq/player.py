"""Plays a scenario against a broker, with the project's own codec on a plain socket.

Each method that has an answer is sent when the one before it was answered, so that a scenario reads from top to bottom
and the brokers may take their time. Closes are answered; a channel or connection that was closed opens again when it is
next named. Afterwards all queues and exchanges that the scenario named are deleted.
"""

import select
import socket
import time
from collections import defaultdict
from typing import Any, Final

from tests_other.rabbitmq.script import METHOD_OF, Scenario, Step, told
from tests_other.rabbitmq.transcript import Heard

from dragoman.wire.amqp091 import methods as m
from dragoman.wire.amqp091.connection import Connection, Role
from dragoman.wire.amqp091.events import AckRun, Content, Heartbeat, MethodEvent
from dragoman.wire.amqp091.fieldtable import Field
from dragoman.wire.amqp091.outgoing import publish_run
from dragoman.wire.amqp091.properties import encode_header

ANSWER_S_MAX: Final = 8.0
QUIET_S: Final = 0.02  # at the end: nothing more has come for so long
FRAME_MAX: Final = 131_072
CAPABILITIES: Final = ("authentication_failure_close", "basic.nack", "consumer_cancel_notify")
Address = tuple[str, int]


class Unanswered(Exception):
    """What a line of a scenario waited for did not come."""


class Line:
    """One connection: `heard` holds whatever the broker said, in order."""

    def __init__(self, address: Address, name: str, heard: list[Heard]) -> None:
        self.name = name
        self.codec = Connection(Role.CLIENT)
        self.socket = socket.create_connection(address, timeout=ANSWER_S_MAX)
        self.heard = heard
        self.channels: set[int] = set()
        self.came: dict[int, int] = defaultdict(int)  # by channel, of what nobody asked for
        self.waited: dict[int, int] = defaultdict(int)
        self.answer: MethodEvent | Content | None = None
        self.asked: tuple[int, tuple[str, ...]] | None = None
        self.is_open = True
        self.is_recorded = True

    # --- bytes ---

    def flush(self) -> None:
        try:
            self.socket.sendall(self.codec.data_to_send())
        except OSError:
            self.is_open = False

    def read(self, timeout_s: float) -> bool:
        """Whether anything came."""
        if not self.is_open or not select.select([self.socket], [], [], timeout_s)[0]:
            return False
        try:
            data = self.socket.recv(1 << 20)
        except OSError:
            data = b""
        if not data:
            self.is_open = False
            self._note("the socket is closed")
            return True
        for event in self.codec.receive(data):
            if not isinstance(event, Heartbeat):
                self._take(event)
        self.flush()
        return True

    def _note(self, event: Any) -> None:
        if self.is_recorded:
            self.heard.append(Heard(self.name, event))

    def _take(self, event: Any) -> None:
        self._note(event)
        channel = getattr(event, "channel", 0)
        method = getattr(event, "method", None)
        if self.asked is not None and method is not None and self._is_answer(channel, method):
            self.answer, self.asked = event, None
        else:
            self.came[channel] += _count(event)
        if isinstance(method, m.ChannelClose):
            self.channels.discard(channel)
            self.codec.forget_channel(channel)
            self.codec.send(channel, m.ChannelCloseOk())
        elif isinstance(method, m.ConnectionClose):
            self.codec.send(0, m.ConnectionCloseOk())
            self.flush()
            self.is_open = False

    def is_asking(self) -> bool:
        """Whether an answer is due."""
        return self.asked is not None

    def _is_answer(self, channel: int, method: tuple[object, ...]) -> bool:
        assert self.asked is not None
        number, names = self.asked
        kind = type(method).__name__
        is_end = kind == "ConnectionClose" or (kind == "ChannelClose" and channel == number)
        return is_end or (channel == number and kind in names)

    # --- methods ---

    def ask(self, channel: int, method: tuple[object, ...], *answers: str) -> Any:
        """The answer, or the close. Raises Unanswered."""
        self.asked, self.answer = (channel, answers), None
        self.codec.send(channel, method)
        self.flush()
        give_up = time.monotonic() + ANSWER_S_MAX
        while self.answer is None:
            if not self.is_open or not self.read(max(0.0, give_up - time.monotonic())):
                self.asked = None
                if self.is_open:
                    raise Unanswered(f"{method} on channel {channel}")
                return None
        return self.answer.method

    def open_channel(self, number: int) -> None:
        """Unrecorded, unless it fails."""
        if number and number not in self.channels and self.is_open:
            self.is_recorded = False
            self.came[number] = self.waited[number] = 0
            if isinstance(self.ask(number, m.ChannelOpen(), "ChannelOpenOk"), m.ChannelOpenOk):
                self.channels.add(number)
            self.is_recorded = True

    def open(self, options: dict[str, str], *, recorded: bool) -> None:
        """From the protocol header to the virtual host."""
        self.is_recorded = recorded
        self.asked = (0, ("ConnectionStart",))
        self.flush()
        while self.is_asking() and self.is_open:
            if not self.read(ANSWER_S_MAX):
                raise Unanswered("connection.start")
        words = options.get("capabilities", ",".join(CAPABILITIES)).split(",")
        capabilities = Field("F", {word: Field("t", True) for word in words})
        user, password = options.get("user", "guest"), options.get("password", "guest")
        response = options.get("response", f"\0{user}\0{password}")
        start = m.ConnectionStartOk(
            {"capabilities": capabilities}, options.get("mechanism", "PLAIN"), response.encode()
        )
        if isinstance(self.ask(0, start, "ConnectionTune"), m.ConnectionTune):
            channel_max = int(options.get("channel-max", 2047))
            frame_max = int(options.get("frame-max", FRAME_MAX))
            self.codec.send(0, m.ConnectionTuneOk(channel_max, frame_max, 0))
            self.ask(0, m.ConnectionOpen(options.get("vhost", "/")), "ConnectionOpenOk")
        self.is_recorded = True

    def wait(self, channel: int, count: int) -> None:
        """Raises Unanswered."""
        self.waited[channel] += count
        give_up = time.monotonic() + ANSWER_S_MAX
        while self.came[channel] < self.waited[channel]:
            if not self.is_open or not self.read(max(0.0, give_up - time.monotonic())):
                missing = self.waited[channel] - self.came[channel]
                raise Unanswered(f"{missing} of {count} on channel {channel}")

    def settle(self) -> None:
        """Whatever is still on its way."""
        self.is_recorded = True
        for number in list(self.channels):
            if self.is_open and number in self.channels:
                self.is_recorded = False
                self._ask_while_recording(number)
                self.is_recorded = True
        while self.read(QUIET_S):
            pass

    def _ask_while_recording(self, number: int) -> None:
        """channel.flow does nothing, and is answered behind all that came before."""
        self.asked, self.answer = (number, ("ChannelFlowOk",)), None
        self.is_recorded = True
        before = len(self.heard)
        self.codec.send(number, m.ChannelFlow(True))
        self.flush()
        while self.is_asking() and self.is_open and self.read(ANSWER_S_MAX):
            pass
        self.heard[before:] = [
            one
            for one in self.heard[before:]
            if not isinstance(getattr(one.event, "method", None), m.ChannelFlowOk)
        ]

    def close(self) -> None:
        """Politely."""
        if self.is_open:
            self.is_recorded = False
            self.ask(0, m.ConnectionClose(200, "done"), "ConnectionCloseOk")
        self.socket.close()
        self.is_open = False


def _count(event: Any) -> int:
    if isinstance(event, AckRun):
        return sum(last - first + 1 for first, last, _ in event.spans)
    return 1


class Player:
    """Plays one scenario after the other."""

    def __init__(self, address: Address, vhost: str = "/") -> None:
        self._address = address
        self._vhost = vhost
        self._lines: dict[str, Line] = {}
        self._heard: list[Heard] = []
        self._janitor: Line | None = None  # deletes what scenarios leave

    def play(self, scenario: Scenario) -> list[Heard]:
        """What the broker said. Raises Unanswered, naming the line."""
        self._heard = []
        try:
            for step in scenario.steps:
                try:
                    self.take(step)
                except Unanswered as error:
                    said = "\n".join(str(one) for one in self._heard[-5:])
                    raise Unanswered(f"{step.line!r}: {error}; before it:\n{said}") from error
            for line in self._lines.values():
                line.settle()
        finally:
            self._end(scenario)
        return self._heard

    def hang_up(self) -> None:
        """Every connection is closed."""
        for line in self._lines.values():
            line.close()
        self._lines.clear()

    def _end(self, scenario: Scenario) -> None:
        self.hang_up()
        if self._janitor is None or not self._janitor.is_open:
            self._janitor = Line(self._address, "z", [])
            self._janitor.open({}, recorded=False)
        line = self._janitor
        for step in scenario.steps:
            if step.word in {"queue.declare", "exchange.declare"} and step.arguments:
                name = step.arguments[0]
                if not name or name.startswith("amq.") or "=" in name:
                    continue
                line.open_channel(1)
                if step.word == "queue.declare":
                    line.ask(1, m.QueueDelete(queue=name), "QueueDeleteOk")
                else:
                    line.ask(1, m.ExchangeDelete(exchange=name), "ExchangeDeleteOk")
        line.heard.clear()

    def close(self) -> None:
        """Nothing is played any more."""
        if self._janitor is not None:
            self._janitor.close()

    def _line(self, step: Step, *, opened: bool = True) -> Line:
        line = self._lines.get(step.connection)
        if line is None or not line.is_open:
            line = self._lines[step.connection] = Line(self._address, step.connection, self._heard)
            if opened:
                line.open({"vhost": self._vhost}, recorded=False)
        return line

    def take(self, step: Step) -> None:
        """One line of a scenario. Raises Unanswered."""
        if step.word == "sleep":
            time.sleep(int(step.arguments[0]) / 1000)
        elif step.word == "connect":
            options = dict(word.split("=", 1) for word in step.arguments)
            self._line(step, opened=False).open(options, recorded=True)
        elif step.word == "lost":
            line = self._line(step)
            line.socket.close()
            line.is_open = False
        elif step.word == "raw":
            line = self._line(step)
            line.socket.sendall(bytes.fromhex("".join(step.arguments)))
        elif step.word == "wait":
            self._lines[step.connection].wait(step.channel, int(step.arguments[0]))
        else:
            self._send(step)

    def _send(self, step: Step) -> None:
        line = self._line(step)
        if step.word not in {"channel.open", "channel.close"}:
            line.open_channel(step.channel)
        what = told(step)
        kind = METHOD_OF[step.word]
        if step.word == "basic.publish":
            _publish(line, step.channel, what.fields, what.properties, what.body)
            return
        method = kind(**what.fields)
        answers = _answers(kind, method)
        if answers:
            line.ask(step.channel, method, *answers)
        else:
            line.codec.send(step.channel, method)
            line.flush()
        if step.word == "connection.close":
            line.close()
        elif step.word == "channel.open":
            line.channels.add(step.channel)
        elif step.word == "channel.close":
            line.channels.discard(step.channel)
            line.codec.forget_channel(step.channel)


def _answers(kind: type, method: Any) -> tuple[str, ...]:
    if getattr(method, "no_wait", False) or getattr(method, "nowait", False):
        return ()
    if kind is m.BasicGet:
        return ("BasicGetOk", "BasicGetEmpty")
    name = f"{kind.__name__}Ok"
    return (name,) if hasattr(m, name) else ()


def _publish(
    line: Line, channel: int, fields: dict[str, Any], properties: dict[str, Any], body: bytes
) -> None:
    raw = b"".join(
        bytes([len(text.encode())]) + text.encode()
        for text in (fields.get("exchange", ""), fields.get("routing_key", ""))
    )
    header = encode_header(len(body), properties)
    mandatory = fields.get("mandatory", False)
    frames = publish_run(channel, raw, mandatory, [header], [body], FRAME_MAX)
    if fields.get("immediate"):
        at = 7 + 4 + 2 + len(raw)  # behind frame head, ids, reserved, names: the bits
        frames = frames[:at] + bytes([frames[at] | 2]) + frames[at + 1 :]
    line.codec.send_frames(frames)
    line.flush()
