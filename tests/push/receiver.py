"""An HTTP server that misbehaves as its path says. Runs in a process of its own: `python -m tests.push.receiver`.

    /ok  /status/N  /redirect       answer             /echo       answer with the request, as JSON
    /hang                           never answer       /slow       a byte now and then, without end
    /endless                        a body without end /large/N    a body of N bytes
    /headers  /header               too many, too long /garbage    no HTTP
    /cut                            close in the middle of the answer
    /once                           answer, and close the connection without having said so

Writes its ports as one line of JSON; ends with its standard input.
"""

import asyncio
import json
import ssl
import sys

STEP_S = 0.02
CHUNK = b"1000\r\n" + bytes(0x1000) + b"\r\n"


def answer(status: int, body: bytes = b"", *more: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *more]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Conversation:
    """One connection. `count` is of the requests on it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.count = 0

    async def run(self) -> None:
        try:
            while await self.one():
                pass
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self.writer.close()

    async def one(self) -> bool:
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        line, *fields = head.rstrip().split("\r\n")
        _, target, _ = line.split(" ")
        headers = [tuple(field.split(": ", 1)) for field in fields]
        length = next((int(value) for name, value in headers if name == "Content-Length"), 0)
        body = await self.reader.readexactly(length)
        self.count += 1
        word, _, argument = target.lstrip("/").partition("?")[0].partition("/")
        if word == "echo":
            said = {"line": line, "headers": headers, "body": body.decode(), "count": self.count}
            self.writer.write(answer(200, json.dumps(said).encode()))
            return True
        return await self.behave(word, argument)

    async def behave(self, word: str, argument: str) -> bool:
        write = self.writer.write
        if word in {"ok", "status"}:
            write(answer(int(argument or 200)))
        elif word == "once":
            write(answer(200))
            await self.writer.drain()
            return False
        elif word == "redirect":
            write(answer(307, b"", "Location: /ok"))
        elif word == "large":
            write(answer(200, bytes(int(argument))))
        elif word == "headers":
            write(answer(200, b"", *(f"x-{number}: y" for number in range(500))))
        elif word == "header":
            write(answer(200, b"", "x-long: " + "y" * 100_000))
        elif word == "garbage":
            write(b"SMTP ready, thank you\r\n\r\n")
        elif word == "cut":
            write(b"HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\nhalf")
            return False
        else:
            await self.go_on(word)
        return True

    async def go_on(self, word: str) -> None:
        if word in {"slow", "endless"}:
            self.writer.write(b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            await asyncio.sleep(STEP_S if word != "endless" else 0)
            if word != "hang":
                self.writer.write(b"1\r\nx\r\n" if word == "slow" else CHUNK)
            await self.writer.drain()
            if self.reader.at_eof():
                return


async def main(arguments: list[str]) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await Conversation(reader, writer).run()

    ports = {}
    for certificate in ("", *arguments):
        context = None
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
        server = await asyncio.start_server(serve, "0.0.0.0", 0, ssl=context)
        ports[certificate] = server.sockets[0].getsockname()[1]
    sys.stdout.write(json.dumps(ports) + "\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
