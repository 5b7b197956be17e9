"""RabbitMQ from the system's package, as a private node on the loopback.

Own node name, cookie, data, ports and name server (epmd), so a RabbitMQ that the machine already
runs is neither seen nor disturbed. Settings are the package's defaults: no tuning, and no plugin or
setting but those asked for.
"""

import shutil
import subprocess
from pathlib import Path

from bench.generators.amqp_wire import AmqpError, AmqpSocket
from bench.peers.base import READY_TIMEOUT_S, Peer, PeerUnavailableError, free_port

INSTALL_HINT = "install the system package rabbitmq-server"


def _server_script() -> Path:
    found = sorted(Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin/rabbitmq-server"))
    if not found or shutil.which("erl") is None:
        raise PeerUnavailableError(f"RabbitMQ not found: {INSTALL_HINT}")
    return found[-1]


class RabbitMq(Peer):
    """One RabbitMQ node."""

    name = "rabbitmq"

    def __init__(
        self,
        root: Path | None = None,
        plugins: tuple[str, ...] = (),
        settings: tuple[str, ...] = (),
    ) -> None:
        super().__init__(root)
        self._plugins = plugins
        self._settings = settings  # lines of rabbitmq.conf
        self._port = self._management_port = 0

    def start(self) -> None:
        self.start_within(READY_TIMEOUT_S)

    def start_within(self, timeout_s: float) -> None:
        """As `start`, with more patience where a machine is shared."""
        script = _server_script()
        self.version = script.parent.parent.name.removeprefix("rabbitmq_server-")
        self._port, self._management_port = free_port(), free_port()
        environment = self._environment()
        epmd = shutil.which("epmd") or "/usr/bin/epmd"
        self.spawn([epmd, "-port", environment["ERL_EPMD_PORT"]], environment)
        self.spawn([str(script)], environment)
        self.wait_ready(self._answers, timeout_s=timeout_s)

    def _environment(self) -> dict[str, str]:
        config = self.folder / "rabbitmq.conf"
        lines = [f"listeners.tcp.1 = 127.0.0.1:{self._port}"]
        if "rabbitmq_management" in self._plugins:
            lines += ["management.tcp.ip = 127.0.0.1"]
            lines += [f"management.tcp.port = {self._management_port}"]
        config.write_text("\n".join((*lines, *self._settings, "")))
        (self.folder / "enabled_plugins").write_text(f"[{','.join(self._plugins)}].\n")
        return {
            "HOME": str(self.folder),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(free_port()),
            "RABBITMQ_NODENAME": f"bench{self.folder.name.rsplit('-', 1)[-1]}@localhost",
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_NODE_PORT": str(self._port),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_CONFIG_FILE": str(config),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                "-kernel inet_dist_use_interface {127,0,0,1} +sbwt none"
            ),
        }

    def _answers(self) -> bool:
        try:
            AmqpSocket.connect("127.0.0.1", self._port).close()
        except (OSError, AmqpError):
            return False
        return True

    def endpoint(self, protocol: str) -> tuple[str, int]:
        ports = {"amqp": self._port, "management": self._management_port}
        return "127.0.0.1", ports[protocol]


def erlang_version() -> str:
    """The Erlang/OTP release that runs the node."""
    command = [
        "erl",
        "-noshell",
        "-eval",
        'io:format("~s",[erlang:system_info(otp_release)]),halt().',
    ]
    try:
        done = subprocess.run(command, capture_output=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return done.stdout.decode()
