"""`dragoman copy`: its arguments, what it prints, its exit status. docs/copy.md is its page."""

import sys
from threading import Event
from typing import Annotated, Any, Final, Literal

import msgspec
from cyclopts import Parameter

from dragoman.app.loop import SystemClock
from dragoman.cli import show
from dragoman.cli.copying.ends import Entry, Reader, Writer
from dragoman.cli.copying.loop import Copy, Plan
from dragoman.cli.copying.pace import Pace
from dragoman.cli.copying.places import open_reader, open_writer, place_of
from dragoman.cli.copying.progress import progress
from dragoman.cli.copying.rules import Rules, transform_of
from dragoman.cli.copying.tally import Tally
from dragoman.cli.errors import FAILED, CommandError
from dragoman.console.admin.fields import to_fields
from dragoman.formats import decode

REHEARSED: Final = 100  # messages that --dry-run looks at unless told how many
PAIRS: Final = Parameter(negative="", consume_multiple=False)


def copy(
    source: Annotated[str, Parameter(env_var="DRAGOMAN_COPY_SOURCE")],
    target: Annotated[str, Parameter(env_var="DRAGOMAN_COPY_TARGET")],
    *,
    filter: str = "",
    transform: Annotated[tuple[str, ...], PAIRS] = (),
    rate: float = 0,
    limit: int | None = None,
    idle: float = 3,
    follow: Annotated[bool, Parameter(negative="")] = False,
    bad: Literal["stop", "drop"] = "stop",
    dry_run: Annotated[bool, Parameter(negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Copy messages from one broker to another, either of them Dragoman or a foreign one.

    An address is kafka://HOST:PORT/TOPIC, amqp://USER:PASSWORD@HOST/VHOST/QUEUE, sqs://REGION/QUEUE,
    servicebus://KEYNAME:KEY@HOST/QUEUE, pubsub://PROJECT/NAME or dragoman://HOST:PORT/STREAM. A queue's messages are
    taken from it once they are confirmed at the target; a topic keeps them. Interrupted, it goes on where it stopped.

    Args:
        source: Where messages come from.
        target: Where they go; it must be there.
        filter: Copy only what this CEL condition holds for.
        transform: Set TARGET=CEL of each message: body, key, headers.NAME, type, expires_in ...
        rate: At most so many messages a second.
        limit: At most so many messages.
        idle: A queue is empty after so many seconds of silence.
        follow: Go on with what comes, until interrupted.
        bad: What to do about a message that cannot be transformed, or that the target refuses.
        dry_run: Write nothing and take nothing; show the first messages as they would arrive.
        json: Print JSON.
    """
    if limit is not None and limit < 1:
        raise CommandError("--limit: 1 or more")
    if rate < 0 or idle < 0:
        raise CommandError("--rate, --idle: not below 0")
    clock = SystemClock()
    plan = Plan(
        rules=Rules(filter, transform_of(transform), clock.wall_ms),
        pace=Pace(rate, clock, Event().wait),
        limit=REHEARSED if dry_run and limit is None else limit,
        idle_ms=None if follow else int(idle * 1000),
        bad=bad,
    )
    where, whither = place_of(source), place_of(target)
    reader = open_reader(where, clock, looks=dry_run)
    writer = None
    try:
        writer = open_writer(whither, clock)
    except BaseException:
        reader.close()
        raise
    try:
        tally = _run(reader, None if dry_run else writer, plan, clock, json=json)
    finally:
        writer.close()
    problems = tally.problems(whole=plan.limit is None and not follow)
    _print(tally, problems, as_json=json, rehearsed=dry_run)
    return FAILED if problems else 0


def _run(
    reader: Reader, writer: Writer | None, plan: Plan, clock: SystemClock, *, json: bool
) -> Tally:
    """Raises CommandError, KeyboardInterrupt, after what was done is printed."""
    with progress(clock) as shown:
        copying = Copy(
            reader,
            writer,
            plan,
            clock,
            progressed=shown.show,
            show=_show,
            complain=lambda text: show.talk(f"dragoman: dropped a bad message, {text}"),
        )
        try:
            copying.run()
        except (CommandError, KeyboardInterrupt):
            _print(copying.tally, ["it did not come to its end"], as_json=json, rehearsed=False)
            raise
    return copying.tally


def _show(entry: Entry) -> None:
    """A message as it would arrive, in JSON."""
    message = decode(entry.format, entry.data, 0, entry.stored_ms)
    show.lines([msgspec.to_builtins(to_fields(message))])


def _print(tally: Tally, problems: list[str], *, as_json: bool, rehearsed: bool) -> None:
    document: dict[str, Any] = tally.document() | {"problems": problems}
    if rehearsed:
        show.talk(
            f"{tally.read} looked at: {tally.written} would be written, {tally.filtered} filtered"
        )
    elif as_json:
        show.lines([document])
    else:
        show.document(document, as_json=False)
    for problem in problems:
        sys.stderr.write(f"dragoman: {problem}\n")
