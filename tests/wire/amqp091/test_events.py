from dragoman.wire.amqp091.events import AckRun, PublishRun


def test_runs_do_not_share_their_lists() -> None:
    left, right = PublishRun(1, b"\x00\x00", False, False), PublishRun(1, b"\x00\x00", False, False)
    left.bodies.append(b"x")
    left.headers.append(b"h")
    assert (right.bodies, right.headers) == ([], [])
    acks, others = AckRun(1), AckRun(1)
    acks.spans.append((1, 1, False))
    assert others.spans == []
