"""RunTask: a task is dispatched now, whatever its queue says: paused, past its rate, or running already.

asked ──> one request beside the queue ──> success   over; what is left of it is dropped when it comes up
          (what comes up meanwhile         failure   due again after its backoff: among those that wait if it was
           is left alone: `held_ms`)                 there, else in the queue
                                           spent     given up when what is left of it comes up
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from dragoman.doors.cloudtasks.attempt import Dispatch, Outcome, Shot
from dragoman.doors.cloudtasks.errors import precondition
from dragoman.doors.cloudtasks.executed import Executed
from dragoman.doors.cloudtasks.finding import Finder, Found
from dragoman.doors.cloudtasks.ids import Place, Waiting, read
from dragoman.doors.cloudtasks.mapping import way_of
from dragoman.doors.cloudtasks.names import Queue, task_of
from dragoman.doors.cloudtasks.placing import publish, put_off, take_back
from dragoman.doors.cloudtasks.queues import find_queue, kept_of, resource_of
from dragoman.doors.cloudtasks.standing import Standing
from dragoman.doors.cloudtasks.telling import tell
from dragoman.doors.shared.grpc.access import by_broker
from dragoman.doors.shared.grpc.call import Call, Reply, Status, written
from dragoman.doors.shared.grpc.policies import check
from dragoman.doors.shared.push.issuer import Issuer
from dragoman.doors.shared.push.renderer import ACK, Verdict
from dragoman.kernel.api import Session
from dragoman.model.errors import KernelError
from dragoman.ports.outbound import Answered, Outbound


class Running:
    """Those of a broker. `outbound` and `issuer` are made when a task is first run."""

    def __init__(
        self,
        outbound: Callable[[], Outbound],
        issuer: Callable[[], Issuer],
        executed: Executed,
    ) -> None:
        self._outbound = outbound
        self._issuer = issuer
        self.executed = executed

    def run(self, call: Call, request: Any) -> Reply:
        """See the API reference."""
        place, id_ = task_of(request.name)
        session = call.session
        check(session, resource_of(place), "cloudtasks.tasks.run")
        head = find_queue(session, place)
        finder = Finder(session, place, head)
        found = finder.find(id_)
        standing = found.standing
        key = (place.project, place.id)
        dispatch = Dispatch(session, self._issuer(), self.executed, key, kept_of(head.settings))
        shot = Shot(dispatch, found.message, id_, standing)
        standing.due_ms = session.wall_ms()
        made = shot.start(_nobody)
        if made is None:
            raise precondition("The task has no target, nor has its queue.")
        standing.held_ms = session.wall_ms() + shot.deadline_ms
        _know_place(found)
        finder.standings.put(id_, standing)
        answered = partial(self._answered, call, place, id_, shot, standing)
        self._outbound().send(made, answered)
        return written(session, tell(place, found, request.response_view))

    def _answered(
        self,
        call: Call,
        place: Queue,
        id_: str,
        shot: Shot,
        standing: Standing,
        answered: Answered,
    ) -> None:
        """Act upon it, whatever its client may do by now."""
        with by_broker(call):
            self._act(call.session, place, id_, shot, standing, answered)

    def _act(
        self,
        session: Session,
        place: Queue,
        id_: str,
        shot: Shot,
        standing: Standing,
        answered: Answered,
    ) -> None:
        """If the task is there still. One that finds no room stays held until its deadline is over."""
        outcome, _ = shot.weigh(answered)
        try:
            finder = Finder(session, place, find_queue(session, place))
            found = finder.find(id_)
            standing.place, standing.schedule = found.standing.place, found.standing.schedule
            found.standing = standing
            standing.held_ms = 0
            if outcome is Outcome.DONE:
                _over(session, place, finder, found)
            elif outcome is Outcome.SPENT:
                _give_up(session, place, finder, found)
            else:
                _put_back(session, place, finder, found)
        except (KernelError, Status):
            return


def _nobody(answered: Answered) -> Verdict:
    """Answers are told to `Running`."""
    return ACK


def _know_place(found: Found) -> None:
    """Where its message is, for one whose name does not say so."""
    found.standing.place = found.place
    found.standing.schedule = found.waiting


def _over(session: Session, place: Queue, finder: Finder, found: Found) -> None:
    if found.waiting is not None:
        take_back(session, place, found.waiting)
    finder.standings.finish(found.id, found.standing, is_left=found.waiting is None)


def _give_up(session: Session, place: Queue, finder: Finder, found: Found) -> None:
    """It comes up once more, to be rejected: so that it becomes a dead letter where there are any."""
    way = way_of(found.message)
    if found.waiting is not None and way is not None:
        take_back(session, place, found.waiting)
        at = read(publish(session, place, found.message, way))
        assert isinstance(at, Place)
        found.standing.place, found.standing.schedule = at, None
    found.standing.is_spent = True
    finder.standings.finish(found.id, found.standing, is_left=True)


def _put_back(session: Session, place: Queue, finder: Finder, found: Found) -> None:
    """It is due again: one that waited for another time waits for that; one in the queue is left alone until then."""
    standing = found.standing
    way = way_of(found.message)
    if found.waiting is None or way is None:
        standing.held_ms = standing.due_ms
    else:
        take_back(session, place, found.waiting)
        at = read(put_off(session, place, found.message, way, standing.due_ms))
        assert isinstance(at, Waiting)
        standing.schedule = (at.stream, at.offset)
    finder.standings.put(found.id, standing)
