"""The brokers under test, each behind the same few words: start, endpoint, pids, stop."""

from bench.peers.base import Peer, PeerUnavailableError
from bench.peers.dragoman import Dragoman
from bench.peers.elasticmq import ElasticMq
from bench.peers.engines import CelOfficial, Jq, Jsonata
from bench.peers.google import Google
from bench.peers.grpcaio import GrpcAio
from bench.peers.grpcrelay import GrpcRelay
from bench.peers.kafka import ApacheKafka
from bench.peers.moto import Moto
from bench.peers.rabbitmq import RabbitMq
from bench.peers.tansu import Tansu

PEERS: dict[str, type[Peer]] = {
    "dragoman": Dragoman,
    "rabbitmq": RabbitMq,
    "kafka": ApacheKafka,
    "elasticmq": ElasticMq,
    "moto": Moto,
    "grpcaio": GrpcAio,
    "grpcrelay": GrpcRelay,
    "google": Google,
    "tansu": Tansu,
    "cel-expr-python": CelOfficial,
    "jsonata": Jsonata,
    "jq": Jq,
}

__all__ = [
    "PEERS",
    "ApacheKafka",
    "CelOfficial",
    "Dragoman",
    "ElasticMq",
    "Google",
    "GrpcAio",
    "GrpcRelay",
    "Jq",
    "Jsonata",
    "Moto",
    "Peer",
    "PeerUnavailableError",
    "RabbitMq",
    "Tansu",
]
