"""Receipts: delivery tokens of this broker, for services whose clients keep no connection."""

from typing import Final

from dragoman.kernel.api import Delivery, Session, Token, Tokens

PURPOSE: Final = "receipts"


class Receipts:
    """Writes and reads receipts. They are good as long as the store lasts, as the leases are that they name."""

    __slots__ = ("_tokens",)

    def __init__(self) -> None:
        self._tokens: Tokens | None = None

    def write(self, session: Session, delivery: Delivery) -> list[str]:
        """One for each message of a delivery."""
        tokens = self._of(session)
        subscription, holder = delivery.holder.subscription.id, delivery.holder.id
        incarnation = session.incarnation()
        return [
            tokens.write(
                Token(
                    subscription,
                    delivery.partition,
                    offset,
                    holder,
                    1 if delivery.tries is None else delivery.tries[at] + 1,
                    incarnation,
                )
            )
            for at, offset in enumerate(range(delivery.start, delivery.end))
        ]

    def read(self, session: Session, text: str) -> Token:
        """Raises InvalidArgument unless it is one of ours."""
        return self._of(session).read(text)

    def _of(self, session: Session) -> Tokens:
        if self._tokens is None:
            self._tokens = Tokens(session.secret(PURPOSE))
        return self._tokens
