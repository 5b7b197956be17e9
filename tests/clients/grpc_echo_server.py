"""A broker in memory that serves the tests' echo service beside its own: `python -m tests.clients.grpc_echo_server`.

Says its port on stdout, and serves until stdin ends. With a certificate as arguments, over TLS too.
"""

import asyncio
import sys

from tests.doors.shared.grpc.echo import PACKAGE, EchoService

from dragoman.app.config import ServeOptions
from dragoman.app.serve import start
from dragoman.doors.shared.grpc.call import Service
from dragoman.doors.shared.grpc.door import door_maker
from dragoman.doors.shared.grpc.health import HealthService
from dragoman.doors.shared.grpc.reflection import reflections
from dragoman.doors.shared.grpc.table import Table
from dragoman.doors.shared.grpc.transcoder import TranscodedFace
from dragoman.doors.shared.rest.routes import Table as WebTable


async def serve(tls_cert: str = "", tls_key: str = "") -> None:
    options = ServeOptions(memory=True, host="127.0.0.1", tls_cert=tls_cert, tls_key=tls_key)
    options.ports = dict.fromkeys(options.ports, 0)
    options.one_port = True
    running = await start(options)
    echo = EchoService()

    def names() -> list[str]:
        return [echo.name]

    services: list[Service] = [echo, HealthService(names, lambda: True), *reflections(names)]
    faces = [TranscodedFace("echo", [(echo, PACKAGE.services["Echo"])])]
    running.parts.doors["http2"] = door_maker(lambda: Table(services), lambda: WebTable(faces))
    sys.stdout.write(f"{next(iter(running.listeners.values())).port}\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await running.stop()


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:3]))
