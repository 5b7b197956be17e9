"""What tags open."""

import pytest

from dragoman.doors.amqp091.management.tags import NotAuthorised, Rank, rank_of

ONE = "queues/{vhost}/{name}"


@pytest.mark.parametrize(
    ("tags", "method", "template", "rank"),
    [
        (("management",), "GET", "queues", Rank(governs=False, sees_all=False, enters=True)),
        (("management",), "PUT", ONE, Rank(governs=False, sees_all=False, enters=True)),
        (("policymaker",), "PUT", "policies/{vhost}/{name}", Rank(governs=True, sees_all=False)),
        (("monitoring",), "GET", "queues", Rank(governs=True, sees_all=True, enters=True)),
        (("monitoring",), "GET", "nodes", Rank(governs=True, sees_all=True)),
        (("monitoring",), "DELETE", ONE, Rank(governs=False, sees_all=True, enters=True)),
        (("administrator",), "PUT", "users/{user}", Rank(governs=True, sees_all=True)),
        (("administrator",), "PUT", ONE, Rank(governs=False, sees_all=True, enters=True)),
        (("x", "administrator"), "GET", "vhosts/{vhost}", Rank(governs=True, sees_all=True)),
    ],
)
def test_a_tag_opens_what_it_is_for(
    tags: tuple[str, ...], method: str, template: str, rank: Rank
) -> None:
    assert rank_of(tags, method, template) == rank


@pytest.mark.parametrize(
    ("tags", "method", "template", "text"),
    [
        ((), "GET", "overview", "Not management user"),
        (("x",), "PUT", "users/{user}", "Not management user"),
        (("management",), "GET", "nodes", "Not monitor user"),
        (("management",), "GET", "vhosts/{vhost}", "Not administrator user"),
        (("management",), "PUT", "policies/{vhost}/{name}", "User not authorised to access object"),
        (("policymaker",), "PUT", "operator-policies/{vhost}/{name}", "Not administrator user"),
        (("policymaker",), "GET", "nodes", "Not monitor user"),
        (("monitoring",), "GET", "parameters", "User not authorised to access object"),
        (("monitoring",), "GET", "definitions", "Not administrator user"),
    ],
)
def test_what_no_tag_opens_is_refused_as_rabbitmq_words_it(
    tags: tuple[str, ...], method: str, template: str, text: str
) -> None:
    with pytest.raises(NotAuthorised, match=f"^{text}$"):
        rank_of(tags, method, template)
