"""Tokens that requests show."""

import base64
import json
from typing import Any

import pytest
from tests.doors.cloudtasks.client import URL, Tasks

EMAIL = "me@project.test"


def claims(request: Any) -> dict[str, Any]:
    """Of its bearer token; who signed it is `shared.push.issuer`'s affair."""
    kind, _, token = dict(request.headers)["Authorization"].partition(" ")
    assert kind == "Bearer"
    body = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=="))
    return found


@pytest.mark.parametrize("audience", ["", "them"])
def test_an_oidc_token_is_for_its_audience_or_the_url(audience: str) -> None:
    tasks = Tasks()
    tasks.make()
    token = {"service_account_email": EMAIL, "audience": audience}
    told = tasks.create(http_request={"url": URL, "oidc_token": token})
    assert told.http_request.oidc_token.service_account_email == EMAIL
    found = claims(tasks.answer())
    assert (found["aud"], found["email"]) == (audience or URL, EMAIL)


def test_an_oauth_token_has_a_scope() -> None:
    tasks = Tasks()
    tasks.make()
    token = {"service_account_email": EMAIL}
    name = tasks.create(http_request={"url": URL, "oauth_token": token}).name
    assert tasks.ask("GetTask", name=name).http_request.oauth_token.service_account_email == EMAIL
    assert claims(tasks.answer())["scope"] == "https://www.googleapis.com/auth/cloud-platform"


def test_the_queues_token_goes_before_the_tasks_and_its_own_header() -> None:
    tasks = Tasks()
    tasks.make(http_target={"oidc_token": {"service_account_email": "q@project.test"}})
    token = {"service_account_email": EMAIL}
    headers = {"authorization": "mine"}
    tasks.create(http_request={"url": URL, "oidc_token": token, "headers": headers})
    request = tasks.answer()
    assert claims(request)["email"] == "q@project.test"
    assert [name.lower() for name, _ in request.headers].count("authorization") == 1
