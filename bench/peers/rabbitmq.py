"""RabbitMQ from the system's package, as a private node on the loopback.

Own node name, cookie, data, ports and name server (epmd), so a RabbitMQ that the machine already
runs is neither seen nor disturbed. Settings are the package's defaults: no plugin, no tuning.
"""

import shutil
import subprocess
from pathlib import Path

from bench.generators.amqp_wire import AmqpError, AmqpSocket
from bench.peers.base import Peer, PeerUnavailableError, free_port

INSTALL_HINT = "install the system package rabbitmq-server"


def _server_script() -> Path:
    found = sorted(Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin/rabbitmq-server"))
    if not found or shutil.which("erl") is None:
        raise PeerUnavailableError(f"RabbitMQ not found: {INSTALL_HINT}")
    return found[-1]


class RabbitMq(Peer):
    """One RabbitMQ node."""

    name = "rabbitmq"

    def start(self) -> None:
        script = _server_script()
        self.version = script.parent.parent.name.removeprefix("rabbitmq_server-")
        self._port = free_port()
        environment = self._environment()
        epmd = shutil.which("epmd") or "/usr/bin/epmd"
        self.spawn([epmd, "-port", environment["ERL_EPMD_PORT"]], environment)
        self.spawn([str(script)], environment)
        self.wait_ready(self._answers)

    def _environment(self) -> dict[str, str]:
        config = self.folder / "rabbitmq.conf"
        config.write_text(f"listeners.tcp.1 = 127.0.0.1:{self._port}\n")
        (self.folder / "enabled_plugins").write_text("[].\n")
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
        return {"amqp": ("127.0.0.1", self._port)}[protocol]


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
