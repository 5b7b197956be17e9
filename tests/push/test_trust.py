import ssl
from pathlib import Path

import pytest
import trustme

from dragoman.push.trust import tls_context


def test_tls_verifies_names_and_chains_and_knows_the_operators_authority(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(file))
    plain, more = tls_context(), tls_context(str(file))
    assert len(more.get_ca_certs()) == len(plain.get_ca_certs()) + 1
    for context in (plain, more):
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname
        assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_an_authority_that_is_none_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("not a certificate")
    for name in ("ca.pem", "absent.pem"):
        with pytest.raises(OSError):  # ssl.SSLError is one
            tls_context(str(tmp_path / name))
