"""jq, the library as PyPI has it: microseconds of CPU for one message, as JSON. It takes and gives text alone.

python bench/micro/jqtext.py      with `jq` installed; needs nothing of Dragoman
"""

import importlib
import json
import sys
import timeit
from pathlib import Path
from time import process_time
from typing import Any

sys.path[0] = str(Path(__file__).resolve().parents[2])

from bench.micro.order import BODY, HEADERS, JQ, RESULT  # noqa: E402

ROUNDS = 5
NUMBER = 200


def us(program: Any, text: str) -> float:
    """The best round, for one message."""
    rounds = timeit.repeat(
        lambda: program.input_text(text).text(), timer=process_time, number=NUMBER, repeat=ROUNDS
    )
    return min(rounds) / NUMBER * 1e6


if __name__ == "__main__":
    jq = importlib.import_module("jq")
    texts = {"headers": json.dumps(HEADERS), "body": BODY.decode(), "transform": BODY.decode()}
    programs = {name: jq.compile(text) for name, text in JQ.items()}
    assert json.loads(programs["transform"].input_text(texts["transform"]).text()) == RESULT
    print(
        json.dumps({f"{name}_us": us(program, texts[name]) for name, program in programs.items()})
    )
