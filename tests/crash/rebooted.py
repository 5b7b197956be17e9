"""A broker on a machine that was started anew: `python -m tests.crash.rebooted RUN serve ...`, RUN names the run."""

import sys

from dragoman.app import broker
from dragoman.cli.main import main

if __name__ == "__main__":
    setattr(broker, "boot_id", sys.argv.pop(1).encode)  # noqa: B010 - it is not the module's own
    sys.exit(main())
