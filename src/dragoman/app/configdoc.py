"""docs/config.md, made from the structs that read the file: `python -m dragoman.app.configdoc > docs/config.md`. Cold.

Types and defaults come from the structs; what an option means stands in `MEANINGS`, and a test asks that none is
missing.
"""

import sys
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from dragoman.app.configfile import (
    KeySection,
    LimitsSection,
    ListenSection,
    PushSection,
    SecuritySection,
    StorageSection,
    UserSection,
)
from dragoman.app.topology import (
    BindingSection,
    PumpSection,
    SchemaSection,
    StreamSection,
    offered,
)
from dragoman.kernel.rules.settings import RuleSettings
from dragoman.kernel.settings import RouteSettings, SubscriptionSettings
from dragoman.model.levels import LEVELS

BEFORE: Final = """\
# Configuration

One TOML file, given as `dragoman serve --config FILE.toml`; `dragoman config check FILE.toml` reads it without serving.
Every option is optional. What the command line says wins. Options and sections that do not exist are refused, with the
nearest name that does. Paths are relative to the file. Sizes are in bytes, durations in milliseconds, as names tell.

This page is generated from the code that reads the file.
"""
SUBSCRIPTION: Final = """\
## [namespace.NS.subscription.NAME]

A leased subscription of a stream beside its other readers, as Pub/Sub's and Service Bus's are. One that is there
already is left as it is. `of` is the stream that it reads (required); all other options are those of a queue.
"""
EVENTGRID: Final = """\
## [eventgrid."TYPE/NAME"]

Resources of Event Grid that exist from the start, by their paths: `topics/NAME`, `domains/NAME`,
`domains/NAME/topics/NAME`, `systemTopics/NAME`, `namespaces/NAME`, `namespaces/NAME/topics/NAME`, and below each that
is a topic or domain `eventSubscriptions/NAME`. The table holds the properties that Azure Resource Manager knows; see
[doors/eventgrid.md](doors/eventgrid.md). What is there already is left as it is.
"""
EXAMPLE: Final = """\
## Example

```toml
[listen]
host = "0.0.0.0"
ports = { kafka = 9092, amqp = 5672, sqs = 4566, eventgrid = 60101, pubsub = 8085, schemaregistry = 8081 }

[users.alice]
password_file = "alice.secret"

[namespace.default.stream.events]
partitions = 6
retention_ms = 604800000

[namespace.default.queue.orders]
length_max = 100000
overflow = "reject-publish"

[namespace.default.route.incoming]
kind = "topic"

[namespace.default.binding.all-orders]
route = "incoming"
target = "orders"
key = "orders.#"

[eventgrid."topics/orders"]
inputSchema = "CloudEventSchemaV1_0"

[eventgrid."topics/orders/eventSubscriptions/hook"]
destination = { endpointType = "WebHook", properties = { endpointUrl = "https://hooks.example.org/orders" } }
filter = { includedEventTypes = ["order.created"] }
```
"""
SECTIONS: Final[tuple[tuple[str, str, type[msgspec.Struct]], ...]] = (
    ("[listen]", "Where the broker listens, and how it speaks.", ListenSection),
    ("[storage]", "Where messages are kept.", StorageSection),
    ("[limits]", "How much is allowed.", LimitsSection),
    (
        "[push]",
        "What the broker may call when it pushes messages to URLs; see [push.md](push.md).",
        PushSection,
    ),
    (
        "[security]",
        "Who may do what, as far as it is not granted while the broker runs; see [permissions.md](permissions.md).",
        SecuritySection,
    ),
    ("[users.NAME]", "Who may connect by name and password. Give one of the two.", UserSection),
    (
        "[keys.NAME]",
        "A secret of a program, by a name of its own: it opens what a password does. Give one of the two.",
        KeySection,
    ),
    (
        "[namespace.NS.stream.NAME]",
        (
            "A stream that exists from the start. One that is there already is left as it is, but for `alias`: a table"
            ' of what it is called in a protocol, in place of what follows from its name: `alias = { sqs = "orders" }`.'
        ),
        StreamSection,
    ),
    (
        "[namespace.NS.queue.NAME]",
        (
            "A queue: a stream and its leased subscription of the same name. `stream` is a table of the stream's"
            " options, `alias` one of names as above."
        ),
        SubscriptionSettings,
    ),
    (
        "[namespace.NS.schema.NAME]",
        "The first version of a subject of the schema store. A subject that is there already is left as it is.",
        SchemaSection,
    ),
    (
        "[namespace.NS.rule.NAME]",
        "A rule, which checks and changes messages: see rules.md. One that is there already is left as it is.",
        RuleSettings,
    ),
    (
        "[namespace.NS.route.NAME]",
        "A route, which clients of RabbitMQ know as an exchange. One that is there already is left as it is.",
        RouteSettings,
    ),
    (
        "[namespace.NS.binding.NAME]",
        "What a route hands on, and to whom. NAME is only a label.",
        BindingSection,
    ),
    (
        "[namespace.NS.pump.NAME]",
        "Carries messages of a stream on to others, each exactly once. One that is there already is left as it is.",
        PumpSection,
    ),
)
MEANINGS: Final[Mapping[str, Mapping[str, str]]] = {
    "[listen]": {
        "host": "address to listen on; other than loopback needs users, or `insecure`",
        "ports": "port of each protocol, 0 for any free one; `all` puts every protocol on one",
        "advertise": "HOST:PORT to give clients of a protocol, if not the address they connected to",
        "tls_cert": "certificate chain in PEM; TLS is then served beside plain connections, on the same ports",
        "tls_key": "its private key, if not in the same file",
        "tls_ca": "certificate of its authority, told to local programs in the ready file",
        "tls_client_ca": "authorities in PEM whose certificates clients may show to say who they are (SASL EXTERNAL)",
        "tls_client_name": "what of a certificate's subject is the client's name",
        "insecure": "listen on other addresses without users",
        "log": "how to speak on standard output",
    },
    "[storage]": {
        "data": "directory of the messages",
        "memory": "keep everything in memory, gone with the process",
    },
    "[limits]": {
        "connections_max": "connections open at once; more are closed as they come",
        "kafka": "whose limits Kafka's clients meet: Kafka's, or Event Hubs' (see doors/eventhubs.md)",
    },
    "[push]": {
        "allow": "what may be called besides the Internet: networks, addresses, and HOST:PORT",
        "ca": "authorities to believe besides the system's, in PEM",
        "issuer": "what tokens say who signed them, a URL; if not set, where Pub/Sub is served",
        "app_engine": "URL of each App Engine service that Cloud Tasks sends to; `default` is one's name, too",
    },
    "[security]": {
        "superusers": "users and keys, by name, that may do everything",
        "guarded": "namespaces in which whatever is not granted is refused, even before the first grant is made",
        "reauthenticate_ms": "how long a Kafka client's login holds; 0 as long as its connection",
        "oauth_keys": "public keys of whoever signs tokens (SASL OAUTHBEARER): a JSON file as of RFC 7517",
        "oauth_issuer": "the issuer that tokens must name; empty any",
        "oauth_audience": "the audience that they must name; empty any",
        "oauth_claim": "the claim that is the principal's name",
    },
    "[users.NAME]": {
        "password": "the password",
        "password_file": "a file that holds the password",
    },
    "[keys.NAME]": {"secret": "the secret", "secret_file": "a file that holds the secret"},
    "[namespace.NS.stream.NAME]": {
        "partitions": "how many; order is kept within one",
        "durable": "survives a restart",
        "level": "what a confirm waits for: `written` survives the process, `synced` the power, `applied` neither",
        "retention_ms": "how long messages are kept beyond their readers' need; 0 not at all, -1 for ever",
        "retention_bytes": "how much of each partition is kept at most; -1 no limit",
        "compact": "keep the last message of each key",
        "tombstone_ms": "of a compacted stream: how long a key without a value is kept",
        "dirty_percent": "of a compacted stream: how much of it must be new before it is compacted again",
        "compact_after_ms": "of a compacted stream: messages younger than this are left alone",
        "compact_within_ms": "of a compacted stream: messages older than this make it due; -1 never",
        "message_bytes_max": "largest message; 0 the protocol's own limit",
        "dedup_window_ms": "how long a repeated deduplication id is recognised",
        "dedup_scope": "whether such an id counts in the whole stream, or among messages of one key",
        "stored_bytes_max": "what is sent to it is refused beyond so much; 0 no limit",
        "header_values": "headers between Kafka and AMQP 1.0: `text`, or `amqp`, typed and binary as in Event Hubs",
    },
    "[namespace.NS.queue.NAME]": {
        "durable": "survives a restart",
        "early": "deliver a message before it is on the disk, as RabbitMQ's classic queues do",
        "ttl_ms": "how long a message lives; -1 for ever",
        "length_max": "ready messages at most; -1 no limit",
        "bytes_max": "bytes of ready messages at most; -1 no limit",
        "overflow": "what happens beyond these limits",
        "lease_duration_ms": "how long a message may be held, by clients that hold it for a time",
        "attempts_max": "attempts before a message is a dead letter; 0 for ever",
        "attempts_counted": "whether every delivery counts, or only those that failed",
        "retry_ms": "how long a released message waits before it is ready again",
        "retry_ms_max": "where that is more: one that was held too long waits twice as long each time, up to this",
        "dead_letter": "where dead letters go: a table with `name`, `key` and `is_route`",
        "order": "what is kept in order beyond the log's own; `fair` keeps none, keys take turns",
        "priorities": 'highest priority honoured, with `order = "priority"`',
        "filter": "what it takes, in the words of `dialect`; empty takes all",
        "revoke_followers": 'with `order = "key"`: a message that returns takes later leased ones along',
        "single_active": "one consumer at a time, the others wait",
        "auto_delete": "gone with its last consumer",
        "idle_ms": "gone after so long unused; 0 never",
        "owns_stream": "deleting the queue deletes its stream unless something else holds it",
        "paused": "hand nothing out until told otherwise",
        "leased_max": "messages held at once, by all clients; 0 no limit",
        "times_kept": "keep when each message was first delivered, for clients that ask",
        "push": "who pushes its messages out, if not clients that ask for them",
        "delay_ms": "how long after it was stored a message is ready",
        "exactly_once": "hand a message out once it is on the disk that it was, lest a power cut bring it again",
        "dialect": "what `filter` is in: headers to match, an Event Grid, Pub/Sub or Service Bus filter, or CEL",
        "dead_letter_expired": "what expires is a dead letter, too, where there is an address; else it is dropped",
        "share_group": "the share group of Kafka whose members compete for its messages: see docs/sharing.md",
        "rules": "rules for what it takes, by name, in this order: see docs/rules.md",
        "weights": "by protocol, how many turns in a row its consumers have where others have one",
    },
    "[namespace.NS.schema.NAME]": {
        "kind": "the language it is in (required)",
        "text": "the schema (required)",
    },
    "[namespace.NS.rule.NAME]": {
        "on": "streams whose publishes it judges",
        "when": "CEL: which messages it is for; empty all",
        "schema": "a subject that bodies must be as",
        "schema_version": "which version of it; 0 the latest",
        "schema_first": "0, or: any version from this on up to `schema_version` will do",
        "encoding": "how bodies say it; `framed` is what the Schema Registry's clients write",
        "by": "what is looked at: the body, or only which version of the subject it says it is",
        "decode": "make JSON of framed Avro",
        "check": "CEL: what must be true",
        "set": "fields of the message by expressions of CEL",
        "headers": "headers by expressions of CEL",
        "plugin": "a transform of Python's, by name",
        "bad": "what becomes of a bad message",
        "dead_letter": "where it goes, if that is `dead-letter`; empty: the stream's name and `/dead`",
    },
    "[namespace.NS.route.NAME]": {
        "kind": "how it chooses",
        "durable": "survives a restart",
        "auto_delete": "gone with its last binding",
        "internal": "clients may not publish to it",
        "alternate": "route that takes what no binding did",
        "hash_on": "for the hash kinds: `header:NAME` or `attribute:NAME`; empty takes the routing key",
    },
    "[namespace.NS.binding.NAME]": {
        "route": "the route (required)",
        "target": "the queue, stream or route that it hands on to (required)",
        "to_route": "whether the target is a route",
        "key": "key or pattern to match",
        "arguments": "typed values that the route's kind matches on",
        "filter": "what is handed on of what the route has matched, in the words of `dialect`; empty takes all",
        "headers_set": "headers put on the message for this target, as pairs",
        "dialect": "what `filter` is in, as of a subscription's",
        "rules": "rules for what is handed on, by name, in this order",
    },
    "[namespace.NS.pump.NAME]": {
        "source": "the stream it reads (required)",
        "subscription": "consume from that subscription of the source (a queue's has its name); empty only reads",
        "targets": "where messages go: tables of `name`, and for a route `is_route` and `key`",
        "filter": "what is carried, in the words of `dialect`; empty takes all",
        "dialect": "what `filter` is in, as of a subscription's",
        "headers_set": "headers put on every message carried, as pairs",
        "attempts_max": "after so many refusals a message goes to `dead_letter`, or is dropped and counted",
        "retry_ms": "before the next attempt, doubled with each",
        "dead_letter": "a table of `name`, and for a route `is_route` and `key`",
        "from_end": "begin with what comes, not with the oldest entry kept",
        "until_end": "go as far as the source reached when the pump was made, then be gone",
        "rate_max": "messages per second; 0 no limit",
        "rules": "rules for what is carried, by name, in this order",
        "to_origin": "in place of targets: bring each dead letter back to the stream in which it died",
        "waits_for_room": "wait for a target that has no room; else what it has no room for is given up",
        "hops_max": "what came through so many pumps is given up; 0: what went through 16 is let go",
    },
}


def options_of(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    """Options in the order of the struct; a binding's ends first."""
    return tuple(
        sorted(offered(kind), key=lambda name: name not in {"route", "target", "to_route"})
    )


def type_of(field: msgspec.inspect.Field) -> str:
    """The option's type as a reader of TOML knows it."""
    known = {
        "StrType": "text",
        "IntType": "number",
        "BoolType": "true or false",
        "DictType": "table",
        "VarTupleType": "list",
        "UnionType": "table",
    }
    if isinstance(field.type, msgspec.inspect.LiteralType):
        return " or ".join(f"`{value}`" for value in field.type.values)
    return known[type(field.type).__name__]


def default_of(name: str, field: msgspec.inspect.Field) -> str:
    """The default as TOML; nothing where there is none."""
    value: Any = field.default
    if field.default_factory is not msgspec.NODEFAULT:
        value = field.default_factory()
    if name == "level":
        value = next(word for word, level in LEVELS.items() if level == value)
    if value is msgspec.NODEFAULT or value is None or value in ("", {}, ()):
        return ""
    if isinstance(value, dict):
        return "`{ " + ", ".join(f"{key} = {item}" for key, item in value.items()) + " }`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def rows(section: str, kind: type[msgspec.Struct]) -> Iterable[str]:
    """A line for each option."""
    info = msgspec.inspect.type_info(kind)
    assert isinstance(info, msgspec.inspect.StructType)
    fields = {field.name: field for field in info.fields}
    for name in options_of(kind):
        field = fields[name]
        words = " or ".join(f"`{level}`" for level in LEVELS) if name == "level" else type_of(field)
        yield f"| `{name}` | {words} | {default_of(name, field)} | {MEANINGS[section][name]} |"


def page() -> str:
    """The whole page."""
    parts = [BEFORE]
    for section, meaning, kind in SECTIONS:
        head = "| option | type | default | meaning |\n|---|---|---|---|"
        parts.append(
            f"## {section}\n\n{meaning}\n\n{head}\n" + "\n".join(rows(section, kind)) + "\n"
        )
    return "\n".join([*parts, SUBSCRIPTION, EVENTGRID, EXAMPLE])


if __name__ == "__main__":
    sys.stdout.write(page())
