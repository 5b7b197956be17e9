import ssl
import stat
from pathlib import Path

import pytest

from dragoman.app.certs import HOSTS_DEFAULT, write_certificates
from dragoman.app.loop import SystemClock

NOW_MS = SystemClock().wall_ms()


def handshake(folder: Path, host: str) -> str | None:
    """Greet a server that has the certificate, as a client that trusts the authority."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "server.pem", folder / "server-key.pem")
    client = ssl.create_default_context(cafile=folder / "ca.pem")
    return shaken(server, client, host)[0].version()


def shaken(
    server: ssl.SSLContext, client: ssl.SSLContext, host: str
) -> tuple[ssl.SSLObject, ssl.SSLObject]:
    """The client's end, the server's end."""
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname=host)
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(3):
        for side in (ours, theirs):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return ours, theirs


@pytest.mark.parametrize("host", HOSTS_DEFAULT)
def test_a_client_that_trusts_the_authority_accepts_the_certificate(
    tmp_path: Path, host: str
) -> None:
    write_certificates(tmp_path, HOSTS_DEFAULT, NOW_MS)
    assert handshake(tmp_path, host) == "TLSv1.3"


def test_a_name_that_was_not_asked_for_is_not_accepted(tmp_path: Path) -> None:
    write_certificates(tmp_path, ("broker.example",), NOW_MS)
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(tmp_path, "localhost")


def test_the_authority_is_made_once_and_signs_again(tmp_path: Path) -> None:
    made = write_certificates(tmp_path, HOSTS_DEFAULT, NOW_MS)
    authority, certificate = made.authority.read_bytes(), made.certificate.read_bytes()
    write_certificates(tmp_path, ("broker.example",), NOW_MS)
    assert made.authority.read_bytes() == authority
    assert made.certificate.read_bytes() != certificate
    assert handshake(tmp_path, "broker.example") == "TLSv1.3"


def test_keys_are_their_owners_only(tmp_path: Path) -> None:
    write_certificates(tmp_path, HOSTS_DEFAULT, NOW_MS)
    for name in ("ca-key.pem", "server-key.pem"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_a_damaged_authority_is_refused(tmp_path: Path) -> None:
    write_certificates(tmp_path, HOSTS_DEFAULT, NOW_MS)
    (tmp_path / "ca-key.pem").write_text("nothing of the kind")
    with pytest.raises(ValueError):
        write_certificates(tmp_path, HOSTS_DEFAULT, NOW_MS)


def test_a_client_is_signed_for_by_name(tmp_path: Path) -> None:
    made = write_certificates(tmp_path, HOSTS_DEFAULT, NOW_MS, "ann")
    assert (made.client, made.client_key) == (tmp_path / "ann.pem", tmp_path / "ann-key.pem")
    server, client = (
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER),
        ssl.create_default_context(cafile=made.authority),
    )
    server.load_cert_chain(made.certificate, made.key)
    server.load_verify_locations(made.authority)
    server.verify_mode = ssl.CERT_REQUIRED
    assert made.client is not None
    client.load_cert_chain(made.client, made.client_key)
    found = shaken(server, client, "localhost")[1].getpeercert()
    assert found is not None
    assert found["subject"] == ((("commonName", "ann"),),)
    for name in ("ca", "server-key", "..", "a/b", "."):
        with pytest.raises(ValueError, match="no name for a client's files"):
            write_certificates(tmp_path, HOSTS_DEFAULT, NOW_MS, name)
