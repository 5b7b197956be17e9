"""docs/cli.md, made from the commands: `python -m dragoman.cli.docs > docs/cli.md`. Cold."""

import sys
from typing import Final

from dragoman.cli.commands import tree
from dragoman.cli.serve import USAGE

BEFORE: Final = """\
# Command line

`dragoman serve` runs a broker; the commands below ask one that runs, over its admin API ([http.md](http.md)), or help
around one. Standard output is data only, `--json` makes it a line of JSON for each thing; talk goes to standard error.
Exit status: 0 done, 1 failed, 2 not understood, 3 not found, 4 refused for who asks, 5 no broker there, 130
interrupted.

    dragoman queue create orders --set attempts_max=5 --set dead_letter=orders-dead
    dragoman queue publish orders "one coffee" --header table=7
    dragoman queue peek orders
    dragoman queue peek orders --json | dragoman queue publish copy --json-lines
    dragoman dead redrive orders-dead

This page is generated from the commands.

## dragoman serve

```
"""
FIRST: Final = "## dragoman env"


def page() -> str:
    """The whole page."""
    made = tree().generate_docs()
    at = made.index(FIRST)
    return BEFORE + USAGE + "```\n\n" + made[at:].rstrip() + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
