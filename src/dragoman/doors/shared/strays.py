"""Deliveries that come too late: whoever they were for waits no more."""

from dragoman.kernel.api import Cancel, Delivery, Session, Settle
from dragoman.model.errors import KernelError


def give_back(session: Session, delivery: Delivery) -> None:
    """Return it to its queue at once, and end the consumer that it came for."""
    holder = delivery.holder
    session.submit(Cancel(holder=holder.id))  # lest it come again, and again
    runs = [(delivery.start, delivery.end)]
    command = Settle(holder.subscription.id, delivery.partition, holder.id, runs, "release")
    command.delay_ms = 0
    try:
        session.settle(command)
    except KernelError:
        return  # gone meanwhile: so it is nobody's
