"""google-cloud-tasks, unmodified, over gRPC and over REST: queues, tasks, and what their targets are sent."""

import json
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import grpc
import pytest
from google.api_core.exceptions import Aborted, BadRequest, Conflict, MethodNotImplemented, NotFound
from google.auth.credentials import AnonymousCredentials
from google.cloud import tasks_v2, tasks_v2beta3
from google.cloud.tasks_v2.services.cloud_tasks.transports import (
    CloudTasksGrpcTransport,
    CloudTasksRestTransport,
)
from google.cloud.tasks_v2beta3.services.cloud_tasks.transports import (
    CloudTasksGrpcTransport as Beta,
)
from google.oauth2 import id_token
from google.protobuf import field_mask_pb2
from tests.clients.pubsub_work import Google

from dragoman.app.config import ServeOptions
from dragoman.app.loop import SystemClock
from dragoman.testing.broker import RunningBroker, broker

pytestmark = pytest.mark.clients

DEADLINE_S = 20.0
STEP_S = 0.005
CLOCK = SystemClock()


class Target:
    """An HTTP server that notes what it is sent and answers as told, with 200 when nothing is."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        self.times: list[float] = []
        self.answers: list[tuple[int, dict[str, str]]] = []
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                with outer._lock:
                    status, headers = outer.answers.pop(0) if outer.answers else (200, {})
                    outer.requests.append((self.command, self.path, dict(self.headers), body))
                    outer.times.append(CLOCK.elapsed_ms() / 1000)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_POST = do_GET = do_PUT = handle_any  # noqa: N815

            def log_message(self, *_: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def wait(self, count: int) -> None:
        until(lambda: len(self.requests) >= count)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def until(is_so: Callable[[], bool]) -> None:
    """Waits in steps: a machine that stood still meanwhile has not used them up."""
    for _ in range(int(DEADLINE_S / STEP_S)):
        if is_so():
            return
        threading.Event().wait(STEP_S)
    raise AssertionError("it never was")


@contextmanager
def target() -> Iterator[Target]:
    found = Target()
    yield found
    found.close()


@pytest.fixture(scope="module")
def running() -> Iterator[RunningBroker]:
    settings = ServeOptions(memory=True, push_allow=("127.0.0.1",))
    settings.ports = dict.fromkeys(settings.ports, 0)
    with broker(settings) as found:
        yield found


@pytest.fixture(params=["grpc", "rest"])
def client(running: RunningBroker, request: Any) -> Iterator[tasks_v2.CloudTasksClient]:
    anonymous = AnonymousCredentials()  # type: ignore[no-untyped-call]
    place = running.cloudtasks
    address = f"{place.host}:{place.port}"
    made: Any
    if request.param == "grpc":
        made = CloudTasksGrpcTransport(
            channel=grpc.insecure_channel(address), credentials=anonymous
        )
    else:
        made = CloudTasksRestTransport(host=address, credentials=anonymous, url_scheme="http")
    with tasks_v2.CloudTasksClient(transport=made) as found:
        found.kind = request.param  # type: ignore[attr-defined]
        yield found


PARENT = "projects/default/locations/local"


def make(client: Any, name: str, **fields: Any) -> str:
    queue = {"name": f"{PARENT}/queues/{name}-{client.kind}", **fields}
    return str(client.create_queue(parent=PARENT, queue=queue).name)


def test_queues_are_made_told_changed_paused_and_deleted(client: Any) -> None:
    name = make(client, "crud", rate_limits={"max_dispatches_per_second": 7})
    with pytest.raises(Conflict):
        make(client, "crud")
    queue = client.get_queue(name=name)
    assert queue.state == tasks_v2.Queue.State.RUNNING
    assert queue.rate_limits.max_dispatches_per_second == 7
    assert queue.rate_limits.max_concurrent_dispatches == 1000
    assert (queue.retry_config.max_attempts, queue.retry_config.max_doublings) == (100, 16)
    assert name in [each.name for each in client.list_queues(parent=PARENT)]
    paused = {"parent": PARENT, "filter": "state: PAUSED"}
    assert name not in [each.name for each in client.list_queues(request=paused)]
    queue.retry_config.max_attempts = 3
    mask = field_mask_pb2.FieldMask(paths=["retry_config.max_attempts"])
    changed = client.update_queue(queue=queue, update_mask=mask)
    assert changed.retry_config.max_attempts == 3
    assert client.pause_queue(name=name).state == tasks_v2.Queue.State.PAUSED
    assert client.resume_queue(name=name).state == tasks_v2.Queue.State.RUNNING
    client.delete_queue(name=name)
    with pytest.raises(NotFound):
        client.get_queue(name=name)


def test_a_task_is_sent_with_its_method_headers_and_body(client: Any) -> None:
    name = make(client, "sent")
    with target() as there:
        task = client.create_task(
            parent=name,
            task={
                "name": f"{name}/tasks/one",
                "http_request": {
                    "url": f"{there.url}/a?b=c",
                    "http_method": "PUT",
                    "headers": {"X-Tier": "gold", "Content-Type": "text/plain"},
                    "body": b"hello",
                },
            },
        )
        there.wait(1)
        ((method, path, headers, body),) = there.requests
    assert (method, path, body) == ("PUT", "/a?b=c", b"hello")
    assert (headers["X-Tier"], headers["Content-Type"]) == ("gold", "text/plain")
    own = {k: v for k, v in headers.items() if k.startswith("X-CloudTasks-")}
    eta = own.pop("X-CloudTasks-TaskETA")
    assert abs(float(eta) - task.schedule_time.timestamp()) < 1
    assert own == {
        "X-CloudTasks-QueueName": name.rpartition("/")[2],
        "X-CloudTasks-TaskName": "one",
        "X-CloudTasks-TaskRetryCount": "0",
        "X-CloudTasks-TaskExecutionCount": "0",
    }
    assert headers["User-Agent"] == "Google-Cloud-Tasks"
    until(lambda: not list(client.list_tasks(parent=name)))
    with pytest.raises(NotFound):
        client.get_task(name=f"{name}/tasks/one")
    with pytest.raises(Conflict):
        client.create_task(
            parent=name,
            task={"name": f"{name}/tasks/one", "http_request": {"url": "http://127.0.0.1:1/"}},
        )


def test_failures_are_tried_again_and_retry_after_is_kept(client: Any) -> None:
    name = make(client, "again", retry_config={"min_backoff": timedelta(milliseconds=100)})
    with target() as there:
        there.answers = [(503, {}), (429, {"Retry-After": "1"})]
        client.create_task(parent=name, task={"http_request": {"url": there.url}})
        there.wait(3)
        requests, times = there.requests, there.times
    counts = [each[2]["X-CloudTasks-TaskRetryCount"] for each in requests]
    executions = [each[2]["X-CloudTasks-TaskExecutionCount"] for each in requests]
    assert (counts, executions) == (["0", "1", "2"], ["0", "0", "1"])
    assert requests[1][2]["X-CloudTasks-TaskPreviousResponse"] == "503"
    assert times[1] - times[0] >= 0.09
    assert times[2] - times[1] >= 0.95


def test_a_task_is_given_up_once_its_attempts_are_spent(client: Any) -> None:
    backoff = timedelta(milliseconds=10)
    config = {"max_attempts": 2, "min_backoff": backoff, "max_backoff": backoff}
    name = make(client, "spent", retry_config=config)
    with target() as there:
        there.answers = [(500, {})] * 3
        client.create_task(parent=name, task={"http_request": {"url": there.url}})
        until(lambda: not list(client.list_tasks(parent=name)))
        assert len(there.requests) == 2


def test_a_scheduled_task_is_told_listed_deleted_and_run_now(client: Any) -> None:
    name = make(client, "later")
    due = datetime.fromtimestamp(CLOCK.wall_ms() / 1000, UTC) + timedelta(hours=1)
    with target() as there:
        made = [
            client.create_task(
                parent=name,
                task={
                    "http_request": {"url": f"{there.url}/{at}", "body": b"x"},
                    "schedule_time": due,
                },
            )
            for at in range(3)
        ]
        assert len({task.name for task in made}) == 3
        listed = list(client.list_tasks(request={"parent": name, "page_size": 2}))
        assert [task.name for task in listed] == [task.name for task in made]
        assert listed[0].http_request.body == b""
        full = client.get_task(request={"name": made[0].name, "response_view": "FULL"})
        assert full.http_request.body == b"x"
        assert abs((full.schedule_time - due).total_seconds()) < 0.01
        client.delete_task(name=made[0].name)
        with pytest.raises(NotFound):
            client.get_task(name=made[0].name)
        client.run_task(name=made[1].name)
        there.wait(1)
        assert there.requests[0][1] == "/1"
        until(lambda: len(list(client.list_tasks(parent=name))) == 1)
        client.purge_queue(name=name)
        assert not list(client.list_tasks(parent=name))
        assert len(there.requests) == 1


def test_a_paused_queue_sends_nothing_until_it_is_resumed(client: Any) -> None:
    name = make(client, "paused")
    client.pause_queue(name=name)
    with target() as there:
        client.create_task(parent=name, task={"http_request": {"url": there.url}})
        assert len(list(client.list_tasks(parent=name))) == 1
        assert not there.requests
        client.resume_queue(name=name)
        there.wait(1)


def test_no_more_are_sent_than_the_rate_allows(client: Any) -> None:
    name = make(client, "rate", rate_limits={"max_dispatches_per_second": 10})
    with target() as there:
        client.create_task(parent=name, task={"http_request": {"url": there.url}})
        there.wait(1)  # what sends is loaded, the target is known
        for _ in range(20):
            client.create_task(parent=name, task={"http_request": {"url": there.url}})
        there.wait(21)
        assert there.times[-1] - there.times[1] >= 0.8


def test_what_is_not_offered_is_refused(client: Any) -> None:
    name = make(client, "refused")
    with pytest.raises(MethodNotImplemented):
        client.create_task(parent=name, task={"app_engine_http_request": {"relative_uri": "/"}})
    with pytest.raises(BadRequest):
        client.create_task(parent=name, task={"http_request": {"url": "nowhere"}})


class Fetched:
    """What google-auth asks for certificates with."""

    def __init__(self, url: str, method: str = "GET") -> None:
        assert method == "GET"
        with urllib.request.urlopen(url) as answer:
            self.status, self.data = answer.status, answer.read()


def test_a_token_is_believed_by_googles_own_judge(client: Any, running: RunningBroker) -> None:
    name = make(client, "token")
    email = "me@project.iam.gserviceaccount.com"
    with target() as there:
        token = {"service_account_email": email, "audience": "my-hook"}
        client.create_task(
            parent=name, task={"http_request": {"url": there.url, "oidc_token": token}}
        )
        there.wait(1)
        shown = there.requests[0][2]["Authorization"].removeprefix("Bearer ")
    place = running.cloudtasks
    fetch: Any = Fetched
    certs_url = f"http://{place.host}:{place.port}/oauth2/v1/certs"
    claims = id_token.verify_token(shown, fetch, "my-hook", certs_url=certs_url)
    assert claims["email"] == email


def test_a_message_of_another_protocol_is_sent_to_its_queues_target(
    client: Any, running: RunningBroker
) -> None:
    with target() as there:
        port = there.url.rpartition(":")[2]
        uri = {"scheme": "HTTP", "host": "127.0.0.1", "port": int(port)}
        name = make(client, "fed", http_target={"uri_override": uri})
        google = Google(running)
        topic = f"projects/default/topics/{name.rpartition('/')[2]}"
        google.publisher.publish(topic, b"from afar", tier="gold").result(DEADLINE_S)
        there.wait(1)
        google.close()
        method, _, headers, body = there.requests[0]
        assert (method, body, headers["tier"]) == ("POST", b"from afar", "gold")


def test_the_other_versions_client_sees_the_same_queues_and_tasks(
    client: Any, running: RunningBroker
) -> None:
    name = make(client, "beta")
    place = running.cloudtasks
    made = Beta(
        channel=grpc.insecure_channel(f"{place.host}:{place.port}"),
        credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
    )
    with target() as there, tasks_v2beta3.CloudTasksClient(transport=made) as beta:
        beta.pause_queue(name=name)
        task: Any = {"http_request": {"url": there.url, "body": b"x"}}
        first = beta.create_task(parent=name, task=task)
        second = client.create_task(parent=name, task=task)
        assert [each.name for each in beta.list_tasks(parent=name)] == [first.name, second.name]
        mask = field_mask_pb2.FieldMask(paths=["stats"])
        queue = beta.get_queue(request={"name": name, "read_mask": mask})
        assert (queue.type_, queue.stats.tasks_count) == (tasks_v2beta3.Queue.Type.PUSH, 2)
        beta.resume_queue(name=name)
        there.wait(2)


def test_what_is_posted_to_a_queue_is_a_task(client: Any, running: RunningBroker) -> None:
    with target() as there:
        uri = {"scheme": "HTTP", "host": "127.0.0.1", "port": int(there.url.rpartition(":")[2])}
        name = make(client, "buffer", http_target={"uri_override": uri})
        place = running.cloudtasks
        url = f"http://{place.host}:{place.port}/v2/{name}/tasks:buffer"
        with urllib.request.urlopen(urllib.request.Request(url, b"any bytes")) as answer:
            assert name in json.load(answer)["task"]["name"]
        there.wait(1)
        assert there.requests[0][3] == b"any bytes"


def test_a_batch_of_tasks_is_made_and_deleted(client: Any) -> None:
    name = make(client, "batch")
    client.pause_queue(name=name)
    ids = [f"{name}/tasks/{at}" for at in range(5)]
    requests = [
        {"parent": name, "task": {"name": id_, "http_request": {"url": "http://127.0.0.1:1/"}}}
        for id_ in ids
    ]
    made = client.batch_create_tasks(request={"parent": name, "requests": requests})
    assert [task.name for task in made.result().tasks] == ids
    assert made.metadata.state == tasks_v2.BatchCreateTasksMetadata.State.SUCCEEDED
    again = client.batch_create_tasks(request={"parent": name, "requests": requests[:1]})
    with pytest.raises(Aborted):
        again.result()
    gone = client.batch_delete_tasks(request={"parent": name, "names": [*ids, f"{name}/tasks/x"]})
    gone.result()
    assert list(gone.metadata.failed_requests) == [5]
    assert not list(client.list_tasks(parent=name))
    assert client.get_operation({"name": made.operation.name}).done


def test_a_task_of_a_paused_queue_is_run(client: Any) -> None:
    name = make(client, "forced")
    client.pause_queue(name=name)
    with target() as there:
        task = client.create_task(parent=name, task={"http_request": {"url": there.url}})
        assert client.run_task(name=task.name).dispatch_count == 1
        there.wait(1)
    until(lambda: not list(client.list_tasks(parent=name)))


def test_policies_of_queues_are_kept_and_locations_told(client: Any) -> None:
    name = make(client, "iam")
    policy = {"bindings": [{"role": "roles/cloudtasks.enqueuer", "members": ["allUsers"]}]}
    kept = client.set_iam_policy(request={"resource": name, "policy": policy})
    assert client.get_iam_policy(request={"resource": name}) == kept
    names = ["cloudtasks.tasks.create"]
    told = client.test_iam_permissions(request={"resource": name, "permissions": names})
    assert list(told.permissions) == names
    assert client.get_location({"name": PARENT}).location_id == "local"
