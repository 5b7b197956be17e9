from dragoman.push.standing import (
    AFTER,
    ASKED_MAX,
    LATE_MAX,
    LIVE_MAX,
    Event,
    Lane,
    Target,
    Targets,
)


def after(*events: Event) -> Target:
    target = Target("http://a:80")
    for event in events:
        target.note(event)
    return target


def test_every_event_leads_somewhere() -> None:
    assert AFTER.keys() == set(Event)


def test_one_that_nobody_has_heard_of_is_sent_one_request() -> None:
    assert (after().lane, after().room()) == (Lane.FRESH, 1)


def test_quick_answers_open_a_target_step_by_step() -> None:
    rooms = [after(*[Event.ANSWERED] * count).limit for count in range(1, 9)]
    assert rooms == [2, 4, 8, 16, 32, LIVE_MAX, LIVE_MAX, LIVE_MAX]


def test_a_failure_closes_it_to_one_probe() -> None:
    for event, lane in ((Event.FAILED, Lane.FAILING), (Event.SILENT, Lane.LATE)):
        target = after(*[Event.ANSWERED] * 6, event)
        assert (target.lane, target.limit) == (lane, 1)


def test_the_first_answer_opens_it_again_and_the_second_takes_it_among_the_live() -> None:
    target = after(Event.SILENT, Event.FAILED, Event.ANSWERED)
    assert (target.lane, target.limit) == (Lane.FAILING, 2)
    target.note(Event.ANSWERED)
    assert (target.lane, target.limit) == (Lane.LIVE, 4)


def test_one_that_answers_once_and_then_no_more_was_never_among_the_live() -> None:
    lanes = [after(*[Event.ANSWERED, Event.SILENT] * count).lane for count in (1, 2)]
    assert lanes == [Lane.LATE, Lane.LATE]
    assert after(Event.ANSWERED).lane is Lane.FRESH


def test_one_that_answers_late_is_sent_a_few_at_once() -> None:
    assert after(*[Event.LATE] * 9).limit == LATE_MAX
    assert after(*[Event.ANSWERED] * 9, Event.LATE).limit == LATE_MAX


def test_one_that_may_get_more_at_once_does_as_long_as_it_answers() -> None:
    def asked(at_once: int, *events: Event) -> int:
        target = Targets().get("a")
        target.at_once = at_once
        for event in events:
            target.note(event)
        return target.limit

    many = [Event.ANSWERED] * 12
    assert asked(100, *many) == 100
    assert asked(5_000, *many) == ASKED_MAX[Lane.LIVE]
    assert asked(5_000, *[Event.LATE] * 12) == ASKED_MAX[Lane.LATE]
    assert asked(5, *many) == LIVE_MAX
    assert asked(5_000, *many, Event.SILENT) == asked(5_000, *many, Event.FAILED) == 1


def test_what_waits_takes_room_too() -> None:
    target = after(Event.ANSWERED, Event.ANSWERED)
    target.under_way = 1
    target.waiting.append("request")
    assert target.room() == 2
    target.waiting += ["request"] * 5
    assert target.room() == 0


def test_of_the_targets_the_one_used_longest_ago_is_forgotten() -> None:
    targets = Targets(count_max=2)
    first = targets.get("a")
    targets.get("b")
    assert targets.get("a") is first
    targets.get("c")
    assert len(targets) == 2
    assert targets.get("a") is first


def test_a_target_in_use_is_not_forgotten() -> None:
    targets = Targets(count_max=2)
    busy = targets.get("a")
    busy.under_way = 1
    for key in "bcdef":
        targets.get(key)
    assert targets.get("a") is busy
    assert len(targets) <= 3
