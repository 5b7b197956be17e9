"""What an assigned group says of itself."""

from dragoman.kernel.groups.assigned import Assigned, AssignedMember


def test_it_is_stable_when_everybody_is_at_its_epoch_and_has_let_go() -> None:
    assigned = Assigned()
    member = assigned.members["a"] = AssignedMember("a", None)
    assigned.target["a"] = {(1, 0)}
    assert not assigned.is_stable()
    member.places = {(1, 0)}
    assert assigned.is_stable()
    member.revoking = {(1, 1)}
    assert not assigned.is_stable()
    member.revoking = set()
    assigned.epoch = 2
    assert not assigned.is_stable()


def test_somebody_looks_when_the_first_may_have_to_go() -> None:
    assigned = Assigned()
    assert assigned.next_ms() == 0
    for name, at_ms in (("a", 50), ("b", 70)):
        assigned.members[name] = AssignedMember(name, None)
        assigned.members[name].expires_ms = at_ms
    assert assigned.next_ms() == 50
    assigned.members["b"].revoke_ms = 20
    assert assigned.next_ms() == 20


def test_a_static_member_is_the_same_under_another_id() -> None:
    assert AssignedMember("a", "i").key == AssignedMember("b", "i").key == "i"
