"""`dragoman snippet PROTOCOL`: a small whole program for an official client, ready to run."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from dragoman.cli.endpoints import endpoints
from dragoman.cli.errors import CommandError
from dragoman.cli.programs import PROGRAMS

Protocol = Literal[
    "kafka", "amqp", "sqs", "eventgrid", "pubsub", "cloudtasks", "servicebus", "eventhubs"
]
Language = Literal["python"]


def snippet(
    protocol: Protocol, *, lang: Language = "python", ready_file: Path | None = None
) -> int:
    """Print a program that sends a message and receives it.

    Args:
        protocol: Which client's.
        lang: Which language.
        ready_file: What `dragoman serve --ready-file` wrote; without it, the usual ports are assumed.
    """
    known = endpoints(ready_file)
    if protocol not in known:
        raise CommandError(f"the broker does not serve {protocol}")
    sys.stdout.write(PROGRAMS[protocol, lang].format(**_literals(known[protocol])))
    return 0


def _literals(endpoint: Mapping[str, Any]) -> dict[str, str]:
    """What the endpoint tells, as literals of any of the languages; `broker` is a Kafka client's part."""
    found = {name: json.dumps(value) for name, value in endpoint.items()}
    if "bootstrap" in endpoint:
        broker = {"bootstrap.servers": endpoint["bootstrap"]}
        if "username" in endpoint:
            broker |= {
                "security.protocol": "SASL_PLAINTEXT",
                "sasl.mechanism": "PLAIN",
                "sasl.username": endpoint["username"],
                "sasl.password": endpoint["password"],
            }
        found["broker"] = json.dumps(broker, indent=4 if len(broker) > 1 else None)
    return found
