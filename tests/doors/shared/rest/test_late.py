"""An answer that is told a little later."""

from dragoman.doors.shared.rest.call import Parked, Response
from dragoman.doors.shared.rest.late import Late


def test_the_answer_is_told_at_its_time_and_nothing_tells_it_sooner() -> None:
    answer = Response(401)
    late: Parked = Late(answer, 400)
    assert late.deadline_ms == 400
    assert late.progressed() is None
    assert late.expire() is answer
