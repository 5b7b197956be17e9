"""The service: one path that it shares with SQS, a table of actions, and how it says no.

POST /    a form with Version=2010-03-31        GET /?Action=...    the same, and the links in messages
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from dragoman.doors.shared.rest.call import Call, Request, Response, Route
from dragoman.doors.sns import publishing, subscriptions, topics
from dragoman.doors.sns.asking import TopicAsked, is_meant, refusal
from dragoman.doors.sns.errors import refusal_of
from dragoman.doors.sns.service import Service
from dragoman.doors.sqs.asking import RequestIds
from dragoman.doors.sqs.errors import Refused

Answer = Callable[[Service, TopicAsked, Any], Response]

ACTIONS: Final[Mapping[str, Answer]] = {
    "ConfirmSubscription": subscriptions.confirm_subscription,
    "CreateTopic": topics.create_topic,
    "DeleteTopic": topics.delete_topic,
    "GetSubscriptionAttributes": subscriptions.get_subscription_attributes,
    "GetTopicAttributes": topics.get_topic_attributes,
    "ListSubscriptions": subscriptions.list_subscriptions,
    "ListSubscriptionsByTopic": subscriptions.list_subscriptions_by_topic,
    "ListTagsForResource": topics.list_tags_for_resource,
    "ListTopics": topics.list_topics,
    "Publish": publishing.publish,
    "PublishBatch": publishing.publish_batch,
    "SetSubscriptionAttributes": subscriptions.set_subscription_attributes,
    "SetTopicAttributes": topics.set_topic_attributes,
    "Subscribe": subscriptions.subscribe,
    "TagResource": topics.tag_resource,
    "Unsubscribe": subscriptions.unsubscribe,
    "UntagResource": topics.untag_resource,
}


class SnsFace:
    """See `doors.shared.rest.call.Face`. It stands before SQS, which takes every action that it is asked for."""

    name = "sns"

    def __init__(self) -> None:
        self._service = Service()
        self._ids = RequestIds()

    def routes(self) -> Sequence[Route]:
        """See the module."""
        return [Route(method, "/", self._serve, guard=is_meant) for method in ("POST", "GET")]

    def _serve(self, call: Call) -> Response:
        asked = TopicAsked(call, self._ids.next(call.session))
        try:
            request = asked.read()
            return ACTIONS[asked.action](self._service, asked, request)
        except Refused as refused:
            return refusal(refused, asked.request_id)

    def refuse(self, request: Request, error: Exception) -> Response:
        """See `Face.refuse`."""
        return refusal(refusal_of(error), self._ids.last())

    def not_found(self, request: Request, allowed: Sequence[str]) -> Response | None:
        """What is not taken here is left to SQS."""
        return None
