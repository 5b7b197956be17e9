"""The `aws` command line, unmodified."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.clients.sqs_work import DEADLINE_S, REGION, serving

pytestmark = pytest.mark.clients
AWS = Path(sys.executable).parent / "aws"


def aws(endpoint: str, folder: Path, *words: str) -> Any:
    """What a command prints."""
    environment = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": str(folder / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "none"),
    }
    command = [sys.executable, str(AWS), "--endpoint-url", endpoint, "sqs", *words]
    done = subprocess.run(
        command,
        env=environment,
        capture_output=True,
        text=True,
        timeout=3 * DEADLINE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if done.stdout.strip() else {}


def test_a_queue_from_the_command_line(tmp_path: Path) -> None:
    with serving() as running:
        endpoint = running.sqs.url
        url = aws(endpoint, tmp_path, "create-queue", "--queue-name", "orders")["QueueUrl"]
        attributes = '{"a":{"DataType":"String","StringValue":"v"}}'
        sent = aws(
            endpoint, tmp_path, "send-message", "--queue-url", url, "--message-body", "hello",
            "--message-attributes", attributes,
        )  # fmt: skip
        found = aws(
            endpoint,
            tmp_path,
            "receive-message",
            "--queue-url",
            url,
            "--message-attribute-names",
            "All",
        )
        (message,) = found["Messages"]
        assert (message["MessageId"], message["Body"]) == (sent["MessageId"], "hello")
        assert message["MessageAttributes"]["a"]["StringValue"] == "v"
        handle = message["ReceiptHandle"]
        aws(endpoint, tmp_path, "delete-message", "--queue-url", url, f"--receipt-handle={handle}")
        counts = aws(
            endpoint,
            tmp_path,
            "get-queue-attributes",
            "--queue-url",
            url,
            "--attribute-names",
            "All",
        )
        assert counts["Attributes"]["ApproximateNumberOfMessagesNotVisible"] == "0"
