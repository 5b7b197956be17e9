"""What a group counts on itself."""

from dragoman.kernel.groups.group import Group, Groups, Member


def group_of(*protocols: tuple[str, ...]) -> Group:
    group = Group(("default", "g"), 0)
    for index, names in enumerate(protocols):
        member = Member(str(index), None)
        member.protocols = tuple((name, name.encode()) for name in names)
        group.members[member.id] = member
    return group


def test_the_preference_of_most_wins_and_of_equals_the_first_by_name() -> None:
    assert group_of(("a", "b"), ("b", "a"), ("b", "a")).choose_protocol() == "b"
    assert group_of(("b", "a"), ("a", "b")).choose_protocol() == "a"
    assert group_of(("c", "a"), ("a",)).choose_protocol() == "a"
    assert group_of(("c",), ("a",)).choose_protocol() == ""
    assert group_of().choose_protocol() == ""


def test_what_others_offer_leaves_one_out() -> None:
    group = group_of(("a", "b"), ("b", "c"))
    assert group.common_protocols() == {"b"}
    assert group.common_protocols("0") == {"b", "c"}
    assert group_of(("a",)).common_protocols("0") is None


def test_nothing_is_due_for_who_waits_for_an_answer() -> None:
    group = group_of(("a",), ("a",))
    for index, member in enumerate(group.members.values()):
        member.session_timeout_ms = 100 * (index + 1)
        member.touch(1_000)
    assert group.next_ms() == 1_100
    group.members["0"].join_ticket = 1
    assert group.next_ms() == 1_200
    group.pending["x"] = 1_050
    assert group.next_ms() == 1_050


def test_a_promise_is_kept_once() -> None:
    groups = Groups()
    ticket = groups.open_ticket(7, ("default", "g"), "m")
    groups.answer(ticket, "first")
    groups.answer(ticket, "second")
    assert groups.answers == [(7, ticket, "first")]


def test_a_member_says_nothing_under_a_protocol_it_does_not_offer() -> None:
    assert group_of(("a",)).members["0"].metadata("b") == b""
