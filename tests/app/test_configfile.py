import tomllib
from pathlib import Path

import pytest

from dragoman.app.config import PROTOCOLS, ConfigError, ServeOptions
from dragoman.app.configfile import load, read


def options_of(text: str, folder: Path = Path()) -> ServeOptions:
    return read(tomllib.loads(text), folder)


def problems_of(text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        options_of(text)
    return caught.value.problems


def test_an_empty_file_changes_nothing() -> None:
    assert options_of("") == ServeOptions(data="dragoman-data")


def test_every_option_of_the_process_is_read(tmp_path: Path) -> None:
    (tmp_path / "bob.secret").write_text("hush\n")
    options = options_of(
        """
        [listen]
        host = "0.0.0.0"
        ports = { kafka = 0, amqp = 1234 }
        advertise = { kafka = "broker.example:9092" }
        tls_cert = "cert.pem"
        tls_key = "/etc/key.pem"
        tls_ca = "ca.pem"
        tls_client_ca = "ca.pem"
        tls_client_name = "distinguished-name"
        insecure = true
        log = "json"
        [storage]
        data = "messages"
        memory = true
        [limits]
        connections_max = 7
        [push]
        allow = ["10.0.0.0/8", "hooks.internal:8080"]
        [security]
        superusers = ["alice"]
        guarded = ["default"]
        [users.alice]
        password = "x"
        [users.bob]
        password_file = "bob.secret"
        [keys.signer]
        secret = "s"
        """,
        tmp_path,
    )
    assert options == ServeOptions(
        data=str(tmp_path / "messages"),
        memory=True,
        host="0.0.0.0",
        ports={**PROTOCOLS, "kafka": 0, "amqp": 1234},
        advertise={"kafka": ("broker.example", 9092)},
        log="json",
        superusers=("alice",),
        guarded=("default",),
        insecure=True,
        tls_cert=str(tmp_path / "cert.pem"),
        tls_key="/etc/key.pem",
        tls_ca=str(tmp_path / "ca.pem"),
        tls_client_ca=str(tmp_path / "ca.pem"),
        tls_client_name="distinguished-name",
        users={"alice": "x", "bob": "hush"},
        keys={"signer": "s"},
        connections_max=7,
        push_allow=("10.0.0.0/8", "hooks.internal:8080"),
    )


def test_a_port_for_all_comes_before_a_port_for_one() -> None:
    options = options_of("[listen]\nports = { kafka = 1, all = 2 }")
    assert options.ports == {**dict.fromkeys(PROTOCOLS, 2), "kafka": 1}


def test_every_problem_is_told_at_once_with_the_nearest_right_name() -> None:
    problems = problems_of("listn = 1\n[storage]\ndat = 'x'\n[listen]\nports = { kafak = 1 }")
    assert problems == (
        "file: no option listn; did you mean listen?",
        "listen: port kafak: no such protocol; did you mean kafka?",
        "storage: no option dat; did you mean data?",
    )


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("listen = 3", "listen: expected a table"),
        ("users = 3", "users: expected a table"),
        ("[users]\nalice = 'x'", "users.alice: expected a table"),
        ("[users.alice]", "users.alice: password"),
        ("[users.alice]\npassword = 'x'\npassword_file = 'y'", "users.alice: password"),
        ("[users.alice]\npassword_file = '/nowhere/at/all'", "users.alice: password"),
        ("[keys.k]\nsecrt = 'x'", "keys.k: no option secrt; did you mean secret?"),
        ("[storage]\nmemory = 'yes'", "storage: Expected `bool`"),
        ("[listen]\nlog = 'loud'", "listen: Invalid enum value"),
        ("[listen]\nports = { kafka = 'x' }", "listen: Expected `int`"),
        ("[limits]\nconnections_max = 0", "limits: connections_max"),
        ("[push]\nallow = ['10.0.0.5/8']", "push: allow: '10.0.0.5/8' is neither"),
        ("[push]\nca = '/nowhere/at/all'", "push: ca: /nowhere/at/all: "),
        ("[push]\nalow = []", "push: no option alow; did you mean allow?"),
        ("namespace = 3", "namespace: expected a table"),
    ],
)
def test_a_wrong_value_is_refused_where_it_stands(text: str, where: str) -> None:
    (problem,) = problems_of(text)
    assert problem.startswith(where)


@pytest.mark.parametrize(
    "content",
    [b"[listen", b"\xff\xfe", b"a = 1\nb = [" + b"[" * 5000],
    ids=["toml", "utf8", "deep"],
)
def test_a_file_that_is_not_toml_is_named(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "broker.toml"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"broker\.toml: "):
        load(str(file))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone\.toml: No such file"):
        load(str(tmp_path / "gone.toml"))


def test_each_line_about_a_file_begins_with_its_name(tmp_path: Path) -> None:
    file = tmp_path / "broker.toml"
    file.write_text("a = 1\nb = 2\n")
    with pytest.raises(ConfigError) as caught:
        load(str(file))
    assert all(line.startswith(str(file)) for line in caught.value.problems)
    assert len(caught.value.problems) == 2
