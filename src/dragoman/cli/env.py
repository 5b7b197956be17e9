"""`dragoman env`: the variables that point clients at a broker on this machine, and nothing else."""

import shlex
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Literal

from dragoman.cli.endpoints import endpoints

Shell = Literal["bash", "fish", "pwsh", "dotenv"]

VARIABLES: Final = (
    ("KAFKA_BOOTSTRAP_SERVERS", "kafka", "bootstrap"),
    ("KAFKA_SASL_USERNAME", "kafka", "username"),
    ("KAFKA_SASL_PASSWORD", "kafka", "password"),
    ("AMQP_URL", "amqp", "url"),
    ("AWS_ENDPOINT_URL_SQS", "sqs", "url"),
    ("AWS_ENDPOINT_URL_SNS", "sqs", "url"),
    ("AWS_REGION", "sqs", "region"),
    ("AWS_ACCESS_KEY_ID", "sqs", "access_key"),
    ("AWS_SECRET_ACCESS_KEY", "sqs", "secret_key"),
    ("EVENTGRID_ENDPOINT", "eventgrid", "url"),
    ("EVENTGRID_KEY", "eventgrid", "key"),
    ("PUBSUB_EMULATOR_HOST", "pubsub", "emulator_host"),
    ("CLOUD_TASKS_EMULATOR_HOST", "cloudtasks", "emulator_host"),
    ("SERVICEBUS_CONNECTION_STRING", "servicebus", "connection_string"),
    ("EVENTHUBS_CONNECTION_STRING", "eventhubs", "connection_string"),
    ("SCHEMA_REGISTRY_URL", "schemaregistry", "url"),
)
SPELLINGS: Final[Mapping[str, Callable[[str, str], str]]] = {
    "bash": lambda name, value: f"export {name}={shlex.quote(value)}",
    "fish": lambda name, value: f"set -gx {name} {shlex.quote(value)}",
    "pwsh": lambda name, value: f"$Env:{name} = '" + value.replace("'", "''") + "'",
    "dotenv": lambda name, value: f'{name}="{value}"',
}


def env(*, shell: Shell = "bash", ready_file: Path | None = None) -> int:
    """Print variables for clients: `eval "$(dragoman env)"`.

    Args:
        shell: How to spell them.
        ready_file: What `dragoman serve --ready-file` wrote; without it, the usual ports are assumed.
    """
    known = endpoints(ready_file)
    for variable, protocol, key in VARIABLES:
        if key in known.get(protocol, {}):
            sys.stdout.write(SPELLINGS[shell](variable, known[protocol][key]) + "\n")
    return 0
