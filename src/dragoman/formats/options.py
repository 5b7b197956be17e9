"""What rendering must know besides the messages."""

from collections.abc import Sequence

from dragoman.formats.errors import TooLarge
from dragoman.formats.meta import META_BYTES_MAX


class RenderOptions:
    """How to render one batch; made once per batch, and counts what was lost.

    address        the stream's name in the target's words: the routing key of what was born elsewhere
    now_ms         wall time of the delivery: lives are rendered as what remains of them
    carry          whether `dragoman-meta` may be attached (per route; `never` drops silently)
    ids            what each message is called that has no id, where the target must have one
    strict         whether a meta past its limit is an error, or is left out and counted
    base_offset    Kafka: of the batch; offset_deltas of its records, by default 0, 1, 2, ...
    typed_headers  Kafka: headers are AMQP's encoding of their values (`typedheaders`), not text
    """

    __slots__ = (
        "address",
        "base_offset",
        "carry",
        "dropped_count",
        "ids",
        "leader_epoch",
        "now_ms",
        "offset_deltas",
        "strict",
        "typed_headers",
    )

    def __init__(
        self,
        address: str = "",
        now_ms: int = 0,
        *,
        base_offset: int = 0,
        leader_epoch: int = 0,
        offset_deltas: Sequence[int] | None = None,
        ids: Sequence[str] | None = None,
        carry: bool = True,
        strict: bool = False,
        typed_headers: bool = False,
    ) -> None:
        self.address = address
        self.now_ms = now_ms
        self.base_offset = base_offset
        self.leader_epoch = leader_epoch
        self.offset_deltas = offset_deltas
        self.ids = ids
        self.carry = carry
        self.strict = strict
        self.typed_headers = typed_headers
        self.dropped_count = 0  # messages that lost something: dragoman_fields_dropped_total

    def admit(self, meta: str | None, index: int) -> str | None:
        """The meta to attach to message `index`, or None. Raises TooLarge where limits are strict."""
        if meta is None:
            return None
        if self.carry and len(meta) <= META_BYTES_MAX:
            return meta
        if self.carry and self.strict:
            raise TooLarge(index, len(meta))
        self.dropped_count += 1
        return None
