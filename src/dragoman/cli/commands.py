"""Every command but `serve`, as a tree. Each is loaded when it is called.

Exit status: 0 done, 1 failed, 2 not understood, 3 not found, 4 refused for who asks, 5 no broker there, 130
interrupted.
"""

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import dragoman
from dragoman.cli.errors import FAILED as FAILED  # noqa: PLC0414 - one of the statuses below
from dragoman.cli.errors import CommandError

if TYPE_CHECKING:
    from cyclopts import App

USAGE_ERROR: Final = 2
INTERRUPTED: Final = 130
HELP: Final = "One message broker that every client already speaks."
COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "serve": ("dragoman.cli.serve:helped", "Run a broker."),
    "env": ("dragoman.cli.env:env", "Print the variables that point clients at a broker."),
    "snippet": ("dragoman.cli.snippet:snippet", "Print a small program for an official client."),
    "copy": ("dragoman.cli.copying.command:copy", "Copy messages from one broker to another."),
    "certs": ("dragoman.cli.certs:certs", "Make certificates for development."),
}
_QUEUE: Final = "dragoman.cli.queues:"
_STREAM: Final = "dragoman.cli.streams:"
_ROUTE: Final = "dragoman.cli.routes:"
_PUMP: Final = "dragoman.cli.pumps:"
_RULE: Final = "dragoman.cli.rules:"
_DEAD: Final = "dragoman.cli.dead:"
_EVENTGRID: Final = "dragoman.cli.eventgrid:"
GROUPS: Final[Mapping[str, tuple[str, Mapping[str, tuple[str, str]]]]] = {
    "config": (
        "Configuration files.",
        {"check": ("dragoman.cli.config:check", "Read one without serving.")},
    ),
    "queue": (
        "Queues and what is in them.",
        {
            "list": (f"{_QUEUE}list_", "List queues."),
            "show": (f"{_QUEUE}show_", "Show one with all its settings."),
            "create": (f"{_QUEUE}create", "Make one."),
            "alter": (f"{_QUEUE}alter", "Change settings."),
            "delete": (f"{_QUEUE}delete", "Delete one."),
            "peek": (f"{_QUEUE}peek", "Look at messages; nothing changes."),
            "publish": (f"{_QUEUE}publish", "Publish messages."),
            "tail": (f"{_QUEUE}tail", "Follow what is published."),
            "purge": (f"{_QUEUE}purge", "Drop messages."),
            "redrive": (f"{_QUEUE}redrive", "Carry messages back to where they died."),
            "pause": (f"{_QUEUE}pause", "Hand nothing out."),
            "resume": (f"{_QUEUE}resume", "Hand out again."),
        },
    ),
    "stream": (
        "Streams, whoever reads them.",
        {
            "list": (f"{_STREAM}list_", "List streams."),
            "show": (f"{_STREAM}show_", "Show one with all its settings."),
            "create": (f"{_STREAM}create", "Make one."),
            "alter": (f"{_STREAM}alter", "Change settings."),
            "delete": (f"{_STREAM}delete", "Delete one with every reader of it."),
            "peek": (f"{_STREAM}peek", "Look at what it holds."),
            "publish": (f"{_STREAM}publish", "Publish messages."),
            "tail": (f"{_STREAM}tail", "Follow what is published."),
        },
    ),
    "route": (
        "Routes, which clients of RabbitMQ know as exchanges.",
        {
            "list": (f"{_ROUTE}list_", "List routes."),
            "show": (f"{_ROUTE}show_", "Show one with its bindings."),
            "create": (f"{_ROUTE}create", "Make one."),
            "delete": (f"{_ROUTE}delete", "Delete one and its bindings."),
            "bind": (f"{_ROUTE}bind", "Make it hand on to somebody."),
            "unbind": (f"{_ROUTE}unbind", "Undo that."),
            "publish": (f"{_ROUTE}publish", "Publish through it."),
            "trace": (f"{_RULE}trace", "Say where a message would go, and why."),
        },
    ),
    "rule": (
        "Rules, which check and change messages.",
        {
            "list": (f"{_RULE}list_", "List rules."),
            "show": (f"{_RULE}show_", "Show one, and what it has done."),
            "add": (f"{_RULE}add", "Make one."),
            "assign": (f"{_RULE}assign", "Give a subscription its rules."),
            "delete": (f"{_RULE}delete", "Delete one."),
            "test": (f"{_RULE}try_", "Try one on the last messages of a stream."),
        },
    ),
    "pump": (
        "Pumps, which carry the messages of one stream on to others.",
        {
            "list": (f"{_PUMP}list_", "List pumps."),
            "show": (f"{_PUMP}show_", "Show one with all its settings."),
            "create": (f"{_PUMP}create", "Make one."),
            "delete": (f"{_PUMP}delete", "Stop one."),
        },
    ),
    "dead": (
        "Dead letters.",
        {
            "list": (f"{_DEAD}list_", "List the queues that they go to."),
            "peek": (f"{_DEAD}peek", "Look at them."),
            "redrive": (f"{_DEAD}redrive", "Carry them back to where they died."),
            "purge": (f"{_DEAD}purge", "Drop them."),
        },
    ),
    "eventgrid": (
        "Event Grid's topics, domains, namespaces and event subscriptions.",
        {
            "list": (f"{_EVENTGRID}list_", "List resources."),
            "show": (f"{_EVENTGRID}show_", "Show one with all its properties."),
            "topic": (f"{_EVENTGRID}topic", "Make a topic."),
            "subscribe": (f"{_EVENTGRID}subscribe", "Have events pushed, carried or kept."),
            "put": (f"{_EVENTGRID}put", "Make any resource."),
            "keys": (f"{_EVENTGRID}keys", "Tell the keys of one."),
            "delete": (f"{_EVENTGRID}delete", "Delete one."),
        },
    ),
}
SHORT: Final[Mapping[str, str]] = {"list": "ls", "delete": "rm", "alter": "set"}


def tree() -> "App":
    """All commands."""
    from cyclopts import App  # noqa: PLC0415 - costs more than all of a short command

    app = App(
        name="dragoman",
        version=dragoman.__version__,
        help=HELP,
        result_action="return_value",
        suppress_keyboard_interrupt=False,
    )
    for name, (target, what) in COMMANDS.items():
        app.command(target, name=name, help=what)
    for group, (about, commands) in GROUPS.items():
        below = App(name=group, help=about)
        for name, (target, what) in commands.items():
            names = [name, SHORT[name]] if name in SHORT else [name]
            below.command(target, name=names, help=what)
        app.command(below)
    return app


def run(arguments: list[str]) -> int:
    """Run a command line; the exit status."""
    from cyclopts import CycloptsError  # noqa: PLC0415

    try:
        status = tree()(arguments, exit_on_error=False)
    except CycloptsError:
        return USAGE_ERROR
    except CommandError as error:
        sys.stderr.write(f"dragoman: {error}\n")
        return error.status
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # whoever read has enough
        sys.stderr.close()
        return 0
    return status if isinstance(status, int) else 0
