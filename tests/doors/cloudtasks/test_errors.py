from dragoman.doors.cloudtasks import errors
from dragoman.model.errors import StreamNotFound
from dragoman.wire.grpc.codes import INTERNAL, NOT_FOUND, UNIMPLEMENTED


def test_refusals_are_in_grpcs_codes() -> None:
    assert errors.refusal(StreamNotFound("q")).code == NOT_FOUND
    assert errors.refusal(RuntimeError("a secret")).code == INTERNAL
    assert "secret" not in errors.refusal(RuntimeError("a secret")).message
    assert errors.not_offered("App Engine targets").code == UNIMPLEMENTED
    assert errors.no_task().code == errors.no_queue().code == NOT_FOUND
