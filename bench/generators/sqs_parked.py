"""Ten thousand receives that wait: what they weigh, and how soon one is woken.

Each waits on a connection of its own, in ReceiveMessage with WaitTimeSeconds 20. Then one message is sent after the
other; from the moment a send's request is written until some waiting receive has its answer is a wake. Whoever was
woken waits again, so that all the time nearly all wait.

Parameters: host, port, parked, seconds, queue.
"""

import resource
import select
import time

from bench.generators import control
from bench.generators.sqs_raw import Lane, received, request

WAIT_S = 20
SENDS_MIN = 200
OWN_FILES = 64


class Load:
    """See the module."""

    def __init__(self, parameters: control.Parameters) -> None:
        address = (str(parameters["host"]), int(parameters["port"]))
        self.host = f"{address[0]}:{address[1]}"
        self.seconds = float(parameters["seconds"])
        self.count = int(parameters["parked"])
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = self.count + OWN_FILES
        if soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))
        self.sender = Lane(address)
        created = request(self.host, "CreateQueue", {"QueueName": str(parameters["queue"])})
        self.sender.ask(created)
        url = f"http://{self.host}/000000000000/{parameters['queue']}"
        self.receive = request(
            self.host, "ReceiveMessage", {"QueueUrl": url, "WaitTimeSeconds": WAIT_S}
        )
        self.send = request(self.host, "SendMessage", {"QueueUrl": url, "MessageBody": "wake up"})
        self.remove = request(self.host, "DeleteQueue", {"QueueUrl": url})
        self.lanes: dict[int, Lane] = {}
        self.poll = select.epoll()
        for _ in range(self.count):
            lane = Lane(address)
            self.lanes[lane.sock.fileno()] = lane
            self.poll.register(lane.sock.fileno(), select.EPOLLIN)

    def run(self) -> control.Result:
        """Park all, then wake one after the other."""
        for lane in self.lanes.values():
            lane.sock.sendall(self.receive)
        wakes_us: list[float] = []
        end = time.perf_counter() + max(self.seconds, 1.0)
        while time.perf_counter() < end or len(wakes_us) < SENDS_MIN:
            start = time.perf_counter()
            self.sender.ask(self.send)
            self._woken()
            wakes_us.append((time.perf_counter() - start) * 1e6)
        wakes_us.sort()
        return {
            "wakes": len(wakes_us),
            "p50_us": wakes_us[len(wakes_us) // 2],
            "p99_us": wakes_us[int(len(wakes_us) * 0.99)],
        }

    def _woken(self) -> None:
        """Some receive has a message; it and those whose time was over wait again."""
        give_up = time.perf_counter() + WAIT_S
        while time.perf_counter() < give_up:
            for number, _ in self.poll.poll(1.0):
                lane = self.lanes[number]
                body = lane.answers.feed(received(lane.sock))
                if body is None:
                    continue
                lane.sock.sendall(self.receive)
                if b"wake up" in body:
                    return
        raise control.LoadFailedError("nobody was woken")

    def clean(self) -> None:
        """Hang up; the queue goes."""
        for lane in self.lanes.values():
            lane.sock.close()
        self.sender.ask(self.remove)


if __name__ == "__main__":
    control.serve(Load)
