"""One request to its handler, whichever version of HTTP brought it. Hot.

`request.note` is what the table found for its path; behind `serve` it is the face that answers.
"""

from typing import Final

from dragoman.doors.shared.notyet import NotYet
from dragoman.doors.shared.rest.again import Again
from dragoman.doors.shared.rest.call import Call, Face, Parked, Request, Response
from dragoman.doors.shared.rest.problem import problem
from dragoman.doors.shared.rest.routes import Choice, Found, Table
from dragoman.kernel.api import ANONYMOUS, Connection, Session
from dragoman.model.errors import KernelError

_FAULT: Final = 500


def serve(
    table: Table, request: Request, session: Session, connection: Connection
) -> Response | Parked:
    """Its answer, or whoever has it later."""
    found: Found | None = request.note
    choice = None if found is None else found.choose(request)
    if found is None or choice is None:
        return table.refuse(request, found)
    request.note = choice[1]
    call = Call(request, session, connection, found.parameters(choice))
    try:
        return _handled(choice, call)
    except NotYet:
        return Again(lambda: _handled(choice, call), session.elapsed_ms())
    except Exception as error:  # noqa: BLE001 - the face has a word for each
        return refused(session, request, error)


def _handled(choice: Choice, call: Call) -> Response | Parked:
    """Raises what the handler raises."""
    call.session.speak(choice[1].name)
    call.session.act_as(ANONYMOUS, call.connection.peer[0])  # until the face knows better
    return choice[0].handler(call)


def refused(session: Session, request: Request, error: Exception) -> Response:
    """A handler's error in its service's words. One that is answered as a fault is told to the operator."""
    face: Face = request.note
    try:
        response = face.refuse(request, error)
    except Exception as worse:  # noqa: BLE001 - whatever it is, this request has an answer
        response, error = problem(_FAULT, "fault"), worse
    if response.status == _FAULT and not isinstance(error, KernelError):
        session.fault(error)
    return response
