"""Apache Kafka's own command-line tools, as operators run them."""

import json
import subprocess
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer
from tests.clients.process import broker_process
from tests_other.conftest import Broker
from tests_other.ready import MissingError, jars, tool

RUN_S_MAX = 60
TOOLS = "org.apache.kafka.tools."


@pytest.fixture
def address(broker: Broker) -> str:
    found: str = broker["kafka"]["bootstrap"]
    return found


def run(
    name: str, address: str, *arguments: str, at: str = "--bootstrap-server", given: str = ""
) -> str:
    """What a tool says; its class name is given, and what is typed."""
    try:
        class_path = f"{jars('pom-kafka.xml') / 'jars'}/*"
        command = [
            tool("java", "default-jre"),
            "-cp",
            class_path,
            name,
            *([at] if at else []),
            address,
            *arguments,
        ]
    except MissingError as error:
        pytest.skip(f"kafka-tools: {error}")
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=RUN_S_MAX, input=given
    )
    assert done.returncode == 0, done.stderr[-2000:] + done.stdout[-2000:]
    return done.stdout


def test_topics_are_made_described_and_measured(address: str) -> None:
    run(f"{TOOLS}TopicCommand", address, "--create", "--topic", "tools", "--partitions", "2")
    said = run(f"{TOOLS}TopicCommand", address, "--describe", "--topic", "tools")
    assert "PartitionCount: 2" in said
    producer = Producer({"bootstrap.servers": address})
    producer.produce("tools", b"value", partition=1)
    assert producer.flush(10) == 0
    said = run(f"{TOOLS}GetOffsetShell", address, "--topic", "tools")
    assert said.split() == ["tools:0:0", "tools:1:1"]
    said = run(f"{TOOLS}LogDirsCommand", address, "--describe", "--topic-list", "tools")
    assert '"partition":"tools-1"' in said


def test_transactions_are_listed_and_features_described(address: str) -> None:
    producer = Producer({"bootstrap.servers": address, "transactional.id": "tools-tx"})
    producer.init_transactions(10)
    said = run(f"{TOOLS}TransactionsCommand", address, "list")
    assert "tools-tx" in said
    assert "Empty" in said
    said = run(f"{TOOLS}FeatureCommand", address, "describe")
    assert "transaction.version" in said


def test_users_are_made_and_described(address: str) -> None:
    user = ("--entity-type", "users", "--entity-name", "alice")
    change = "SCRAM-SHA-256=[iterations=4096,password=secret]"
    run("kafka.admin.ConfigCommand", address, "--alter", "--add-config", change, *user)
    infos = producer_settings(address)
    assert Producer(infos).list_topics(timeout=10).brokers


@pytest.mark.timeout(240)
def test_access_lists_are_made_listed_and_removed(tmp_path: Path) -> None:
    users = {"root": "r", "ann": "a"}
    secure = '[security]\nsuperusers = ["root"]'
    with broker_process("memory", tmp_path, users=users, more=secure) as port:
        address = f"127.0.0.1:{port}"
        told = tmp_path / "root.properties"
        told.write_text(
            "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\nsasl.jaas.config=org.apache.kafka.common"
            '.security.plain.PlainLoginModule required username="root" password="r";\n'
        )
        name = "org.apache.kafka.tools.AclCommand"
        acls = ("--command-config", str(told))
        run(
            name,
            address,
            *acls,
            "--add",
            "--allow-principal",
            "User:ann",
            "--producer",
            "--topic",
            "orders",
        )
        denied = ("--deny-principal", "User:*", "--deny-host", "10.9.8.7", "--operation", "Read")
        prefixed = ("--resource-pattern-type", "prefixed", "--topic", "sec")
        run(name, address, *acls, "--add", *denied, *prefixed)
        said = run(name, address, *acls, "--list")
        assert "principal=User:ann, host=*, operation=WRITE, permissionType=ALLOW" in said
        assert "name=sec, patternType=PREFIXED" in said
        assert "principal=User:*, host=10.9.8.7, operation=READ, permissionType=DENY" in said
        ann = {"sasl.mechanism": "PLAIN", "sasl.username": "ann", "sasl.password": "a"}
        producer = Producer(producer_settings(address) | ann)
        errors: list[object] = []
        for topic in ("orders", "others"):
            producer.produce(topic, b"x", on_delivery=lambda error, _: errors.append(error))
            producer.flush(10)
        assert errors[0] is None
        assert "authorization" in str(errors[1]).lower() or "not allowed" in str(errors[1]).lower()
        run(name, address, *acls, "--remove", "--force", "--topic", "orders")
        assert "User:ann" not in run(name, address, *acls, "--list")


def test_the_quorum_is_described_and_configurations_with_their_sources(address: str) -> None:
    said = run(f"{TOOLS}MetadataQuorumCommand", address, "describe", "--status")
    assert "LeaderId:               1\n" in said
    assert '"endpoints": ["PLAINTEXT://' in said
    broker = ("--describe", "--all", "--entity-type", "brokers", "--entity-name", "1")
    said = run("kafka.admin.ConfigCommand", address, *broker)
    assert "log.retention.ms=604800000 sensitive=false synonyms={DEFAULT_CONFIG:" in said


@pytest.mark.timeout(240)
def test_quotas_are_set_and_described(address: str) -> None:
    user = ("--entity-type", "users", "--entity-name", "quoted")
    change = "producer_byte_rate=1024,consumer_byte_rate=2048,request_percentage=200"
    run("kafka.admin.ConfigCommand", address, "--alter", "--add-config", change, *user)
    said = run("kafka.admin.ConfigCommand", address, "--describe", *user)
    assert "producer_byte_rate=1024" in said
    assert "request_percentage=200" in said
    assert "consumer_byte_rate=2048" in said


def producer_settings(address: str) -> dict[str, str]:
    return {
        "bootstrap.servers": address,
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "SCRAM-SHA-256",
        "sasl.username": "alice",
        "sasl.password": "secret",
    }


def fill(address: str, topic: str, count: int) -> None:
    producer = Producer({"bootstrap.servers": address})
    for number in range(count):
        producer.produce(topic, f"value-{number}", partition=0)
    assert producer.flush(10) == 0


def read_in_group(address: str, topic: str, group: str, count: int) -> None:
    """And commit, and leave."""
    settings = {"bootstrap.servers": address, "group.id": group, "auto.offset.reset": "earliest"}
    consumer = Consumer(settings)
    consumer.subscribe([topic])
    assert len(consumer.consume(count, 20)) == count
    consumer.commit(asynchronous=False)
    consumer.close()


def test_a_groups_offsets_are_shown_reset_deleted_and_the_group_with_them(address: str) -> None:
    fill(address, "tools-read", 10)
    read_in_group(address, "tools-read", "tools-group", 10)
    groups = f"{TOOLS}consumer.group.ConsumerGroupCommand"
    of_group = ("--group", "tools-group")
    said = run(groups, address, "--describe", *of_group)
    (row,) = [line.split() for line in said.splitlines() if line.startswith("tools-group")]
    assert row[1:6] == ["tools-read", "0", "10", "10", "0"]
    topic = ("--topic", "tools-read")
    said = run(
        groups, address, *of_group, *topic, "--reset-offsets", "--shift-by", "-7", "--execute"
    )
    assert said.split()[-4:] == ["tools-group", "tools-read", "0", "3"]
    assert "Successful" in run(groups, address, *of_group, *topic, "--delete-offsets")
    assert "successful" in run(groups, address, *of_group, "--delete")
    assert "tools-group" not in run(groups, address, "--list")


def test_records_are_deleted_and_the_cluster_tells_its_id_and_where_it_is(
    address: str, tmp_path: Path
) -> None:
    fill(address, "tools-cut", 5)
    wanted = tmp_path / "wanted.json"
    place = {"topic": "tools-cut", "partition": 0, "offset": 3}
    wanted.write_text(json.dumps({"partitions": [place], "version": 1}))
    said = run(f"{TOOLS}DeleteRecordsCommand", address, "--offset-json-file", str(wanted))
    assert "low_watermark: 3" in said
    assert "unfenced" in run_verb(f"{TOOLS}ClusterTool", "list-endpoints", address)
    assert "Cluster ID: " in run_verb(f"{TOOLS}ClusterTool", "cluster-id", address)


def run_verb(name: str, verb: str, address: str) -> str:
    """As `run`, of a tool that wants its verb first."""
    return run(name, verb, "--bootstrap-server", address, at="")


def test_consoles_and_measuring_tools_write_and_read(address: str) -> None:
    writer = f"{TOOLS}ConsoleProducer"
    run(writer, address, "--topic", "tools-typed", given="one\ntwo\n")
    reader = f"{TOOLS}consumer.ConsoleConsumer"
    options = ("--topic", "tools-typed", "--from-beginning", "--max-messages", "2")
    assert run(reader, address, *options).split() == ["one", "two"]
    load = ("--num-records", "1000", "--record-size", "100", "--throughput", "-1")
    said = run(f"{TOOLS}ProducerPerformance", address, "--topic", "tools-load", *load)
    assert "1000 records sent" in said


def test_leaders_are_in_place_and_partitions_too(address: str, tmp_path: Path) -> None:
    fill(address, "tools-led", 1)
    place = ("--topic", "tools-led", "--partition", "0")
    preferred = ("--election-type", "preferred", *place)
    assert "already elected" in run(f"{TOOLS}LeaderElectionCommand", address, *preferred)
    plan = tmp_path / "plan.json"
    placed = {"topic": "tools-led", "partition": 0, "replicas": [1]}
    plan.write_text(json.dumps({"partitions": [placed], "version": 1}))
    options = ("--reassignment-json-file", str(plan), "--execute")
    said = run(f"{TOOLS}reassign.ReassignPartitionsCommand", address, *options)
    assert "Successfully started" in said


def test_an_application_of_streams_is_reset(address: str) -> None:
    fill(address, "tools-streams", 4)
    options = ("--application-id", "tools-app", "--input-topics", "tools-streams", "--dry-run")
    assert "Partition: 0 Offset: 0" in run(f"{TOOLS}StreamsResetter", address, *options)


def test_client_metrics_are_told_not_to_be_there(address: str) -> None:
    assert run(f"{TOOLS}ClientMetricsCommand", address, "--list").strip() == ""
