"""Members of a share group, for tests that need some: each is one connection."""

from typing import Any

from tests.doors.kafka.client import Client, World

HEARTBEAT, DESCRIBE, FETCH, ACKNOWLEDGE = 76, 77, 78, 79
GAP, ACCEPT, RELEASE, REJECT, RENEW = range(5)
Records = list[tuple[int, int, int]]  # first offset, last offset, delivery count


class Sharer:
    """A member that reads topic `t`; `version` is that of ShareFetch and ShareAcknowledge."""

    def __init__(self, world: World, member: str = "m", version: int = 2) -> None:
        self.world = world
        self.client = world.connect()
        self.member = member
        self.version = version
        self.epoch = 0  # of the share session
        self.beaten: dict[str, Any] = {}

    def beat(self, epoch: int = 0, **more: Any) -> dict[str, Any]:
        message = {
            "group_id": "g",
            "member_id": self.member,
            "member_epoch": epoch,
            "subscribed_topic_names": ["t"] if epoch == 0 else None,
            **more,
        }
        self.beaten = self.client.ask(HEARTBEAT, 1, message)
        return self.beaten

    def parts(self) -> list[tuple[bytes, int]]:
        """What its last heartbeat gave it."""
        topics = self.beaten["assignment"]["topic_partitions"]
        return [(topic["topic_id"], at) for topic in topics for at in topic["partitions"]]

    def message(self, *acks: tuple[int, int, list[int]], **more: Any) -> dict[str, Any]:
        batches = [
            {"first_offset": first, "last_offset": last, "acknowledge_types": kinds}
            for first, last, kinds in acks
        ]
        topic_id, partition = self.parts()[0]
        part = {"partition_index": partition, "acknowledgement_batches": batches}
        is_renewing = any(RENEW in kinds for _, _, kinds in acks)
        message = {
            "group_id": "g",
            "member_id": self.member,
            "share_session_epoch": self.epoch,
            "is_renew_ack": is_renewing,
            "topics": [{"topic_id": topic_id, "partitions": [part]}],
            **more,
        }
        self.epoch += 1
        return message

    def fetch_message(self, *acks: tuple[int, int, list[int]], **more: Any) -> dict[str, Any]:
        limits = {"max_wait_ms": 0, "min_bytes": 1, "max_records": 500, "batch_size": 500}
        return self.message(*acks, **{**limits, "forgotten_topics_data": [], **more})

    def fetch(self, *acks: tuple[int, int, list[int]], **more: Any) -> dict[str, Any]:
        """The answer as a whole."""
        return self.client.ask(FETCH, self.version, self.fetch_message(*acks, **more))

    def acquire(self, **more: Any) -> Records:
        """Runs of records that it holds now."""
        return acquired_in(self.fetch(**more))

    def acknowledge(self, *acks: tuple[int, int, list[int]], **more: Any) -> int:
        """The partition's code, or that of the whole."""
        answer = self.client.ask(ACKNOWLEDGE, self.version, self.message(*acks, **more))
        code: int = answer["error_code"]
        return code or answer["responses"][0]["partitions"][0]["error_code"]


def acquired_in(answer: dict[str, Any]) -> Records:
    assert answer["error_code"] == 0
    return [
        (run["first_offset"], run["last_offset"], run["delivery_count"])
        for topic in answer["responses"]
        for part in topic["partitions"]
        for run in part["acquired_records"]
    ]


def group_config(client: Client, name: str, value: str) -> int:
    """Set a configuration of group `g`; the code."""
    config = {"name": name, "config_operation": 0, "value": value}
    resource = {"resource_type": 32, "resource_name": "g", "configs": [config]}
    code: int = client.ask(44, 1, {"resources": [resource], "validate_only": False})["responses"][
        0
    ]["error_code"]
    return code


def sharer(partitions: int = 1, version: int = 2, **configs: str) -> Sharer:
    """A member, alone, of a group that reads from the beginning."""
    world = World()
    made = Sharer(world, version=version)
    made.client.create("t", partitions)
    assert group_config(made.client, "share.auto.offset.reset", "earliest") == 0
    for name, value in configs.items():
        assert group_config(made.client, name.replace("_", "."), value) == 0
    assert made.beat()["error_code"] == 0
    return made


def another(first: Sharer, member: str = "n") -> Sharer:
    """One more member of the group, on its own connection."""
    made = Sharer(first.world, member, first.version)
    assert made.beat()["error_code"] == 0
    return made
