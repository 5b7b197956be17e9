"""An authority for one machine under development, and certificates that it signs. Cold; loads `cryptography`.

    ca.pem  ca-key.pem          the authority: made once, kept, 10 years
    server.pem  server-key.pem  a certificate for some names and addresses: made anew each time, 825 days
    NAME.pem  NAME-key.pem      one for a client of that name, if one is asked for

Private keys are readable by their owner only. Nothing here is fit for use beyond a developer's network.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

HOSTS_DEFAULT: Final = ("localhost", "127.0.0.1", "::1")
AUTHORITY_LIFE: Final = timedelta(days=3650)
SERVER_LIFE: Final = timedelta(days=825)  # the longest that some systems' clients accept
CLOCK_SLACK: Final = timedelta(hours=1)  # for machines whose clocks differ
OWNER_ONLY: Final = 0o600
RESERVED: Final = frozenset(("ca", "ca-key", "server", "server-key", "..", "."))
SERVER_AUTH: Final = ExtendedKeyUsageOID.SERVER_AUTH
CLIENT_AUTH: Final = ExtendedKeyUsageOID.CLIENT_AUTH


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """Where they were written."""

    authority: Path
    certificate: Path
    key: Path
    client: Path | None = None
    client_key: Path | None = None


@dataclass(frozen=True, slots=True)
class _Authority:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def write_certificates(
    folder: Path, hosts: Sequence[str], wall_ms: int, client: str = ""
) -> Certificates:
    """Make or take the authority in `folder`, sign for `hosts`, and for a client of that name. Raises OSError, and
    ValueError for what lies there.
    """
    now = datetime.fromtimestamp(wall_ms / 1000, UTC)
    folder.mkdir(parents=True, exist_ok=True)
    authority = _authority(folder, now)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _sign_server(authority, key, hosts, now)
    made = Certificates(
        authority=folder / "ca.pem",
        certificate=folder / "server.pem",
        key=folder / "server-key.pem",
    )
    _write_key(made.key, key)
    made.certificate.write_bytes(certificate.public_bytes(Encoding.PEM))
    return _with_client(made, authority, folder, client, now) if client else made


def _with_client(
    made: Certificates, authority: _Authority, folder: Path, name: str, now: datetime
) -> Certificates:
    """Raises ValueError for a name that is no file's."""
    if name != Path(name).name or name in RESERVED:
        raise ValueError(f"{name} is no name for a client's files")
    key = ec.generate_private_key(ec.SECP256R1())
    made = replace(made, client=folder / f"{name}.pem", client_key=folder / f"{name}-key.pem")
    assert made.client is not None
    assert made.client_key is not None
    _write_key(made.client_key, key)
    certificate = _signed(_builder(name, key, now, SERVER_LIFE), authority, CLIENT_AUTH)
    made.client.write_bytes(certificate.public_bytes(Encoding.PEM))
    return made


def _authority(folder: Path, now: datetime) -> _Authority:
    certificate_path, key_path = folder / "ca.pem", folder / "ca-key.pem"
    if certificate_path.exists() and key_path.exists():
        known = load_pem_private_key(key_path.read_bytes(), None)
        if not isinstance(known, ec.EllipticCurvePrivateKey):
            raise ValueError(f"{key_path.name} is a key of another kind")
        return _Authority(x509.load_pem_x509_certificate(certificate_path.read_bytes()), known)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _sign_authority(key, now)
    _write_key(key_path, key)
    certificate_path.write_bytes(certificate.public_bytes(Encoding.PEM))
    return _Authority(certificate, key)


def _builder(
    name: str, key: ec.EllipticCurvePrivateKey, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SLACK)
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _sign_authority(key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    name = "Dragoman development authority"
    return (
        _builder(name, key, now, AUTHORITY_LIFE)
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(key, SHA256())
    )


def _sign_server(
    authority: _Authority, key: ec.EllipticCurvePrivateKey, hosts: Sequence[str], now: datetime
) -> x509.Certificate:
    names = x509.SubjectAlternativeName([_name_of(host) for host in hosts])
    builder = _builder(hosts[0], key, now, SERVER_LIFE).add_extension(names, critical=False)
    return _signed(builder, authority, SERVER_AUTH)


def _signed(
    builder: x509.CertificateBuilder, authority: _Authority, use: x509.ObjectIdentifier
) -> x509.Certificate:
    """A certificate of nobody who signs others."""
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    return (
        builder.issuer_name(authority.certificate.subject)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
        .add_extension(issuer_key, critical=False)
        .sign(authority.key, SHA256())
    )


def _name_of(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    """The file is its owner's from the first moment."""
    content = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
