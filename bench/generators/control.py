"""The words a generator and the runner exchange over standard input and output.

    runner                      generator
      |  start with JSON parameters  |   connects, declares, prebuilds
      | <---------- ready -----------|
      |----------- go -------------> |   the load; nothing else is timed
      | <------- {result} -----------|   counts checked, CPU of the load
      |---------- stop ------------> |   cleans up, ends

The result carries the generator's own CPU as a share of one core: above 70 % the generator may
have been the limit, and the report says so.
"""

import gc
import json
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any, Protocol

Parameters = dict[str, Any]
Result = dict[str, Any]

# A load that has not ended this long after its time is up has lost messages or its broker.
OVERTIME_MAX_S = 120.0
# The last bound, for a client library that blocks for ever: the process is ended by its alarm.
ALARM_S = 300
ALARM_WITHOUT_TIME_S = 7200


class LoadFailedError(RuntimeError):
    """The load did not run as described: messages lost, refused or out of order."""


def wait_for(word: str) -> None:
    """Block until the runner says `word`; end quietly if it has gone."""
    line = sys.stdin.readline()
    if line.strip() != word:
        raise SystemExit(0)


def cpu_seconds() -> float:
    """User and system time of this process with all its threads."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    return own.ru_utime + own.ru_stime


class Load(Protocol):
    """What a generator module provides, made from the parameters before `ready`."""

    def run(self) -> Result:
        """The load itself; raises when it did not run as described."""

    def clean(self) -> None:
        """Remove what the load left in the broker."""


def serve(prepare: Callable[[Parameters], Load]) -> None:
    """Run one generator from `ready` to `stop`."""
    parameters: Parameters = json.loads(sys.argv[1])
    try:
        load = prepare(parameters)
        gc.collect()
        gc.freeze()
        gc.disable()
        print("ready", flush=True)
        wait_for("go")
        signal.alarm(ALARM_S if parameters.get("seconds") else ALARM_WITHOUT_TIME_S)
        cpu_start, start = cpu_seconds(), time.monotonic()
        result = load.run()
        elapsed = time.monotonic() - start
        result["generator_cpu"] = (cpu_seconds() - cpu_start) / max(elapsed, 1e-9)
        print(json.dumps(result), flush=True)
        wait_for("stop")
        load.clean()
    except Exception as error:  # noqa: BLE001 - whatever it is, the runner must hear of it
        traceback.print_exc()
        print(json.dumps({"error": f"{type(error).__name__}: {error}"}), flush=True)
    sys.stdout.flush()
    os._exit(0)  # client libraries leave threads behind
