"""Acknowledgements of a share group's records: accept, release, reject, renew, gaps; all of a partition's or none."""

import pytest
from tests.doors.kafka.client import batch_of
from tests.doors.kafka.sharers import (
    ACCEPT,
    GAP,
    REJECT,
    RELEASE,
    RENEW,
    another,
    group_config,
    sharer,
)


@pytest.mark.parametrize("version", [1, 2])
def test_each_record_has_its_own_fate(version: int) -> None:
    one = sharer(version=version)
    one.client.produce("t", batch_of(*map(bytes, range(6))))
    one.acquire()
    assert one.acknowledge((0, 5, [ACCEPT, RELEASE, REJECT, RELEASE, GAP, ACCEPT])) == 0
    assert one.acquire() == [(1, 1, 2), (3, 3, 2)]


def test_one_kind_stands_for_a_whole_batch_and_several_batches_come_at_once() -> None:
    one = sharer()
    one.client.produce("t", batch_of(*map(bytes, range(6))))
    one.acquire()
    assert one.acknowledge((0, 2, [ACCEPT]), (3, 5, [RELEASE])) == 0
    assert one.acquire() == [(3, 5, 2)]


def test_acknowledgements_of_a_partition_are_carried_out_together_or_not_at_all() -> None:
    one = sharer()
    one.client.produce("t", batch_of(b"a", b"b"))
    one.acquire(max_records=1)
    assert one.acknowledge((0, 0, [ACCEPT]), (1, 1, [ACCEPT])) == 121
    assert one.acknowledge((0, 0, [RELEASE])) == 0
    assert one.acquire() == [(0, 0, 2), (1, 1, 1)]


def test_a_gap_where_nothing_is_held_is_nothing() -> None:
    one = sharer()
    one.client.produce("t", batch_of(b"a"))
    one.acquire()
    assert one.acknowledge((0, 3, [ACCEPT, GAP, GAP, GAP])) == 0


def test_a_record_is_acknowledged_once() -> None:
    one = sharer()
    one.client.produce("t", batch_of(b"a"))
    one.acquire()
    assert one.acknowledge((0, 0, [ACCEPT])) == 0
    assert one.acknowledge((0, 0, [ACCEPT])) == 121


def test_what_is_anothers_cannot_be_acknowledged() -> None:
    one = sharer()
    two = another(one)
    one.client.produce("t", batch_of(b"a", b"b"))
    one.acquire(max_records=1)
    two.acquire()
    assert two.acknowledge((0, 0, [ACCEPT])) == 121


def test_a_renewed_lock_lasts_its_full_time_from_then() -> None:
    one = sharer(share_record_lock_duration_ms="1000")
    one.client.produce("t", batch_of(b"a", b"b"))
    one.acquire()
    one.world.advance(900)
    assert one.acknowledge((0, 0, [RENEW])) == 0
    one.world.advance(900)
    assert one.acquire() == [(1, 1, 2)]
    assert one.acknowledge((0, 0, [ACCEPT])) == 0


def test_renewal_is_said_of_the_request_and_can_be_forbidden() -> None:
    one = sharer()
    one.client.produce("t", batch_of(b"a"))
    one.acquire()
    assert one.acknowledge((0, 0, [RENEW]), is_renew_ack=False) == 42
    assert group_config(one.client, "share.renew.acknowledge.enable", "false") == 0
    assert one.acknowledge((0, 0, [RENEW])) == 42


def test_a_lock_that_ended_cannot_be_renewed() -> None:
    one = sharer(share_record_lock_duration_ms="1000")
    one.client.produce("t", batch_of(b"a"))
    one.acquire()
    one.world.advance(1000)
    assert one.acknowledge((0, 0, [RENEW])) == 121


@pytest.mark.parametrize(
    "batch",
    [(1, 0, [ACCEPT]), (-1, 0, [ACCEPT]), (0, 1, [ACCEPT] * 3), (0, 0, []), (0, 0, [9])],
)
def test_a_batch_that_makes_no_sense_is_refused(batch: tuple[int, int, list[int]]) -> None:
    one = sharer()
    one.client.produce("t", batch_of(b"a", b"b"))
    one.acquire()
    assert one.acknowledge(batch, is_renew_ack=True) == 42
    assert one.acknowledge((0, 1, [ACCEPT])) == 0


def test_the_session_must_be_there_and_go_on() -> None:
    one = sharer()
    assert one.acknowledge((0, 0, [ACCEPT]), share_session_epoch=0) == 122
    one.epoch = 0
    one.acquire()
    assert one.acknowledge((0, 0, [ACCEPT]), share_session_epoch=0) == 123
    assert one.acknowledge((0, 0, [ACCEPT]), share_session_epoch=9) == 123


def test_the_last_acknowledgement_ends_the_session_and_gives_back_the_rest() -> None:
    one = sharer()
    two = another(one)
    one.client.produce("t", batch_of(b"a", b"b"))
    one.acquire()
    assert one.acknowledge((0, 0, [ACCEPT]), share_session_epoch=-1) == 0
    assert two.acquire() == [(1, 1, 2)]
