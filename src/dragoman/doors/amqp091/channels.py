"""The channels of one connection: opened, served, refused, closed.

A refusal closes its channel, and the channel then hears nothing but close and close-ok; one that closes the connection
is raised. Once the connection is closing there are no channels, and what still comes for them is dropped.
"""

from collections.abc import Callable
from typing import Any, Final

from dragoman.doors.amqp091.channel import Channel
from dragoman.doors.amqp091.errors import (
    CHANNEL_ERROR,
    COMMAND_INVALID,
    PRECONDITION_FAILED,
    Refused,
    refusal_of,
)
from dragoman.doors.amqp091.link import Limits, Link
from dragoman.doors.amqp091.methods import HANDLERS
from dragoman.model.errors import KernelError
from dragoman.wire.amqp091.errors import AmqpError
from dragoman.wire.amqp091.frames import method_frame
from dragoman.wire.amqp091.methodcodec import IDS
from dragoman.wire.amqp091.methods import (
    ChannelClose,
    ChannelCloseOk,
    ChannelOpen,
    ChannelOpenOk,
    Method,
)

DELIVERY_TIMEOUT_MS: Final = 1_800_000  # unacknowledged for longer: the channel closes
Serve = Callable[[Channel, Any], None]
Ids = tuple[int, int]


class Channels:
    """See the module. `forget` tells the codec that a channel's number may be used again."""

    __slots__ = ("_by_number", "_forget", "_link", "is_closed", "is_open")

    def __init__(self, link: Link, forget: Callable[[int], None]) -> None:
        self._link = link
        self._forget = forget
        self._by_number: dict[int, Channel] = {}
        self.is_open = False  # the virtual host is
        self.is_closed = False  # for good

    def __getitem__(self, number: int) -> Channel:
        return self._by_number[number]

    def open_ones(self) -> list[Channel]:
        """Those that are open, by number."""
        return [one for _, one in sorted(self._by_number.items()) if not one.is_closing]

    def serve(self, number: int, handler: Serve, what: Any, ids: Ids) -> None:
        """Serve, and turn refusals into closes. Raises AmqpError for what ends the connection, and Held."""
        channel = self._by_number.get(number)
        if channel is None:
            if not self.is_closed:
                raise AmqpError(CHANNEL_ERROR, "expected 'channel.open'", *ids)
            return
        if channel.is_closing:
            return
        try:
            handler(channel, what)
        except Refused as error:
            self._refuse(channel, error, ids)
        except KernelError as error:
            self._refuse(channel, refusal_of(error, self._link.vhost), ids)

    def method(self, number: int, method: Method) -> None:
        """A method on a channel. Raises as `serve`."""
        kind = type(method)
        channel = self._by_number.get(number)
        if channel is None:
            self._open(number, kind)
        elif kind is ChannelClose:
            self._drop(channel)
            self._link.out.append(method_frame(number, ChannelCloseOk()))
        elif kind is ChannelCloseOk:
            if channel.is_closing:
                self._drop(channel)
        elif not channel.is_closing:
            handler = HANDLERS.get(kind)
            if handler is None:
                raise AmqpError(COMMAND_INVALID, "unimplemented method", *IDS[kind])
            self.serve(number, handler, method, IDS[kind])

    def _open(self, number: int, kind: type[Method]) -> None:
        if self.is_closed or kind is ChannelCloseOk:
            return
        if kind is not ChannelOpen or not self.is_open:
            raise AmqpError(CHANNEL_ERROR, "expected 'channel.open'", *IDS[kind])
        if self._link.limits is not None:
            self._check_limits(self._link.limits)
        channel = self._by_number[number] = Channel(self._link, number)
        channel.reply(ChannelOpenOk())

    def _check_limits(self, limits: Limits) -> None:
        """Raises AmqpError (530)."""
        try:
            limits.check_channel(self._link)
        except Refused as error:
            raise AmqpError(error.code, error.text, *IDS[ChannelOpen]) from error

    def _refuse(self, channel: Channel, error: Refused, ids: Ids) -> None:
        if error.is_connection_error:
            raise AmqpError(error.code, error.text, *ids)
        words = AmqpError(error.code, error.text).reply_text
        channel.is_closing = True
        channel.reply(ChannelClose(error.code, words, *ids))
        channel.close()

    def refused_by_codec(self, error: AmqpError) -> None:
        """Raises it again when it ends the connection."""
        if error.is_connection_error:
            raise error
        channel = self._by_number.get(error.channel)
        if channel is not None and not channel.is_closing:
            ids = (error.class_id, error.method_id)
            self._refuse(channel, Refused(error.code, error.text), ids)

    def time_out(self, now_ms: int) -> bool:
        """Close channels with a delivery unacknowledged for too long; whether any delivery is unacknowledged."""
        is_any = False
        for channel in self._by_number.values():
            if channel.unacked.count == 0 or channel.is_closing:
                continue
            is_any = True
            passed_ms = channel.is_late(now_ms, DELIVERY_TIMEOUT_MS)
            if passed_ms:
                text = (
                    f"delivery acknowledgement on channel {channel.number} timed out."
                    f" Timeout value used: {passed_ms} ms."
                    " This timeout value can be configured, see consumers doc guide to learn more"
                )
                self._refuse(channel, Refused(PRECONDITION_FAILED, text), (0, 0))
        return is_any

    def _drop(self, channel: Channel) -> None:
        """The channel is gone; its number may be used again."""
        channel.close()
        channel.parked.clear()
        self._link.waiting.pop(channel, None)
        del self._by_number[channel.number]
        self._forget(channel.number)

    def close(self) -> None:
        """The connection is ending: so are all channels."""
        self.is_closed = True
        for channel in list(self._by_number.values()):
            self._drop(channel)
