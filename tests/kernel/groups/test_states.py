import pytest

from dragoman.kernel.groups.states import TRANSITIONS, GroupEvent, GroupState, after

PAIRS = [(state, event) for state in GroupState for event in GroupEvent]

EXPECTED = {
    ("empty", "rebalance"): "joining",
    ("empty", "deleted"): "dead",
    ("joining", "rebalance"): "joining",
    ("joining", "gathered"): "assigning",
    ("joining", "emptied"): "empty",
    ("assigning", "rebalance"): "joining",
    ("assigning", "assigned"): "stable",
    ("assigning", "emptied"): "empty",
    ("stable", "rebalance"): "joining",
    ("stable", "emptied"): "empty",
}


@pytest.mark.parametrize(("state", "event"), PAIRS)
def test_every_pair_leads_where_the_table_says_or_nowhere(
    state: GroupState, event: GroupEvent
) -> None:
    expected = EXPECTED.get((state.value, event.value))
    if expected is None:
        with pytest.raises(KeyError):
            after(state, event)
    else:
        assert after(state, event) is GroupState(expected)


def test_nothing_leads_out_of_dead() -> None:
    assert not any(state is GroupState.DEAD for state, _ in TRANSITIONS)
