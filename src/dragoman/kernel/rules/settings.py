"""What a rule says. A document on disk: fields are only ever added, with a default."""

from typing import Final, Literal

import msgspec

Bad = Literal["reject", "dead-letter", "pass", "drop"]
Encoding = Literal["json", "binary", "framed"]

RULE_KIND: Final = "rule"  # of the documents that rules are
DEAD: Final = "/dead"  # behind a stream's name: where its bad messages go
INVALID_HEADER: Final = "dragoman-invalid"


class RuleSettings(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a rule does, in this order; what is empty is left out.

    on              streams whose publishes it judges; bindings and pumps name their rules themselves
    when            CEL: which messages it is for; all others pass
    schema          a subject of the store of schemas; `schema_version` 0: the latest
    schema_first    0, or: any version from this on up to `schema_version` will do
    encoding        how the body says it; framed: behind five bytes that say which version of the subject it is
    by              header: what says the version is looked at, and the body is not opened
    decode          a body in Avro, framed as the Schema Registry's clients do it, becomes JSON
    check           CEL: what must be true
    set             fields of the message, `body` among them, by expressions; null takes one away. `expires_in` and
                    `deliver_in` are durations; `target` is the stream that the message goes to instead
    headers         headers by expressions; null takes one away
    plugin          a transform of Python's (entry point `dragoman.transforms`)
    bad             what becomes of a message that is not so, or cannot be changed so
    dead_letter     where it goes, if that is `dead-letter`; empty: `dead` of its stream
    """

    on: tuple[str, ...] = ()
    when: str = ""
    decode: bool = False
    schema: str = ""
    schema_version: int = 0
    encoding: Encoding = "json"
    by: Literal["body", "header"] = "body"
    check: str = ""
    set: dict[str, str] = msgspec.field(default_factory=dict)
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    plugin: str = ""
    bad: Bad = "reject"
    dead_letter: str = ""
    schema_first: int = 0
