from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.kernel.entities import Holder, Stream, Subscription
from dragoman.kernel.leases.turns import Turns
from dragoman.kernel.settings import StreamSettings, SubscriptionSettings


def holders(*priorities: int, **fields: Any) -> tuple[Turns, list[Holder]]:
    stream = Stream(1, "default", "q", bytes(16), StreamSettings())
    subscription = Subscription(2, stream, "q", SubscriptionSettings())
    made = []
    for number, priority in enumerate(priorities):
        holder = Holder(number, 1, subscription, None)
        holder.active = True
        holder.credit_max = 1
        holder.priority = priority
        for name, value in fields.items():
            setattr(holder, name, value)
        subscription.consumers.add(holder)
        made.append(holder)
    return subscription.consumers, made


def taken(turns: Turns, count: int) -> list[int | None]:
    found = [turns.take() for _ in range(count)]
    return [None if holder is None else holder.id for holder in found]


def test_everybody_has_a_turn_in_the_order_they_came() -> None:
    turns, _ = holders(0, 0, 0)
    assert taken(turns, 5) == [0, 1, 2, 0, 1]


def test_higher_priorities_come_first_as_long_as_they_have_room() -> None:
    turns, made = holders(0, 9, 5, 9)
    assert taken(turns, 3) == [1, 3, 1]
    made[1].leased = made[3].leased = 1
    assert taken(turns, 2) == [2, 2]


def test_one_without_room_rests_until_it_is_woken_and_comes_last_then() -> None:
    turns, made = holders(0, 0, 0)
    made[1].leased = 1
    assert taken(turns, 3) == [0, 2, 0]
    made[1].leased = 0
    assert taken(turns, 2) == [2, 0], "nobody said so"
    turns.wake(made[1])
    turns.wake(made[1])
    assert taken(turns, 4) == [2, 0, 1, 2]


def test_where_nobody_has_room_nobody_is_asked_twice() -> None:
    turns, made = holders(0, 0, leased=1)
    assert taken(turns, 1) == [None]
    assert all(holder.ahead is None for holder in made)
    assert turns.count == 2


def test_the_turn_of_one_that_leaves_goes_to_the_next() -> None:
    turns, made = holders(0, 0, 0)
    assert taken(turns, 1) == [0]
    turns.remove(made[1])
    assert taken(turns, 3) == [2, 0, 2]
    turns.remove(made[0])
    turns.remove(made[2])
    assert (turns.count, turns.rings, turns.take()) == (0, [], None)


def test_one_that_rests_can_leave_and_is_woken_no_more() -> None:
    turns, made = holders(0, leased=1)
    assert turns.take() is None
    turns.remove(made[0])
    turns.wake(made[0])
    assert turns.rings == []


def test_the_first_stays_first_while_no_turns_are_taken() -> None:
    turns, made = holders(0, 0)
    assert [turns.first(), turns.first()] == [made[0], made[0]]
    made[0].leased = 1
    assert turns.first() is None, "the others wait for it"
    turns.remove(made[0])
    assert turns.first() is made[1]
    assert Turns().first() is None


def test_clearing_leaves_no_links_behind() -> None:
    turns, made = holders(0, 1, 1)
    turns.clear()
    assert [holder.ahead for holder in made] == [None] * 3
    assert (turns.count, turns.take()) == (0, None)


@pytest.mark.parametrize("priorities", [1, 3])
@given(data=st.data())
def test_turns_are_those_of_a_list_that_is_searched(priorities: int, data: st.DataObject) -> None:
    turns, made = holders(*[number % priorities for number in range(6)])
    waiting = [[holder for holder in made if holder.priority == p] for p in range(priorities)]
    waiting.reverse()
    here = set(range(6))
    for _ in range(data.draw(st.integers(0, 30))):
        holder = made[data.draw(st.sampled_from(range(6)))]
        ring = waiting[priorities - 1 - holder.priority]
        match data.draw(st.sampled_from(["fill", "wake", "leave", "take"])):
            case "fill":
                holder.leased = 1
            case "wake":
                holder.leased = 0
                turns.wake(holder)
                if holder.id in here and holder not in ring:
                    ring.append(holder)
            case "leave" if holder.id in here:
                here.remove(holder.id)
                turns.remove(holder)
                if holder in ring:
                    ring.remove(holder)
            case _:
                assert turns.take() is _searched(waiting)
    assert turns.count == len(here)


def _searched(waiting: list[list[Holder]]) -> Holder | None:
    for ring in waiting:
        while ring:
            holder = ring.pop(0)
            if holder.room(1):
                ring.append(holder)
                return holder
    return None


def test_one_of_more_weight_has_as_many_turns_in_a_row() -> None:
    turns, made = holders(0, 0)
    turns.weigh(made[0], 3)
    assert (turns.weight, turns.count) == (4, 2)
    assert taken(turns, 9) == [0, 0, 0, 1, 0, 0, 0, 1, 0]
    turns.remove(made[0])
    assert turns.weight == 1


def test_turns_that_are_left_are_gone_with_the_room_for_them() -> None:
    turns, made = holders(0, 0)
    turns.weigh(made[0], 3)
    assert taken(turns, 1) == [0]
    made[0].leased = 1
    assert taken(turns, 1) == [1]
    made[0].leased = 0
    turns.wake(made[0])
    assert taken(turns, 5) == [1, 0, 0, 0, 1]
