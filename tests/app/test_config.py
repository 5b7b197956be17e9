import pytest

from dragoman.app.config import (
    ConfigError,
    ServeOptions,
    check,
    is_loopback,
    is_private,
    nearest,
    set_advertised,
    set_port,
    set_pushing,
)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "localhost", "::1"])
def test_loopback_needs_no_users(host: str) -> None:
    assert is_loopback(host)
    check(ServeOptions(host=host))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "127.evil.example", "127.0.0", ""])
def test_other_hosts_need_users_or_to_be_called_insecure(host: str) -> None:
    assert not is_loopback(host)
    with pytest.raises(ConfigError, match="without users"):
        check(ServeOptions(host=host))
    check(ServeOptions(host=host, users={"alice": "x"}))
    check(ServeOptions(host=host, keys={"signer": "x"}))
    check(ServeOptions(host=host, insecure=True))


@pytest.mark.parametrize(
    "options", [{"tls_key": "key.pem"}, {"tls_ca": "ca.pem"}, {"tls_client_ca": "ca.pem"}]
)
def test_a_key_and_an_authority_need_their_certificate(options: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="certificate"):
        check(ServeOptions(**options))  # type: ignore[arg-type]


def test_all_protocols_may_share_one_port() -> None:
    options = ServeOptions()
    set_port(options, "all", 7000)
    assert set(options.ports.values()) == {7000}
    assert options.one_port


@pytest.mark.parametrize(("name", "number"), [("kafka", 65_536), ("kafka", -1), ("kafak", 1)])
def test_a_port_that_cannot_be_is_refused(name: str, number: int) -> None:
    with pytest.raises(ConfigError):
        set_port(ServeOptions(), name, number)


def test_an_advertised_address_may_be_ipv6() -> None:
    options = ServeOptions()
    set_advertised(options, "kafka", "[2001:db8::1]:9092")
    assert options.advertise == {"kafka": ("2001:db8::1", 9092)}


@pytest.mark.parametrize("address", ["host", "host:", ":1", "host:0", "host:65536", "host:x"])
def test_an_address_without_host_or_port_is_refused(address: str) -> None:
    with pytest.raises(ConfigError, match="HOST:PORT"):
        set_advertised(ServeOptions(), "kafka", address)


def test_the_nearest_name_is_offered_else_all_of_them() -> None:
    assert nearest("kafak", ["kafka", "amqp"]) == "; did you mean kafka?"
    assert nearest("xyz", ["kafka", "amqp"]) == " (there are: kafka, amqp)"


def test_a_broker_is_ones_own_that_nobody_else_reaches_and_that_tells_nobody_apart() -> None:
    assert is_private(ServeOptions())
    assert not is_private(ServeOptions(host="0.0.0.0"))
    assert not is_private(ServeOptions(users={"alice": "x"}))
    assert not is_private(ServeOptions(keys={"signer": "x"}))


def test_everything_wrong_about_pushing_is_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        set_pushing(ServeOptions(), ["a", "10.0.0.0/8", "b"], "/nowhere/at/all")
    assert [line.split(":")[0] for line in caught.value.problems] == ["allow", "allow", "ca"]


def test_an_issuer_is_a_url() -> None:
    options = ServeOptions()
    set_pushing(options, (), "", "https://issuer.example")
    assert options.push_issuer == "https://issuer.example"
    with pytest.raises(ConfigError, match="issuer: expected a URL"):
        set_pushing(ServeOptions(), (), "", "me")
