import json

from cryptography.x509 import load_pem_x509_certificate
from tests.doors.shared.rest.client import World

from dragoman.doors.shared.push.certs import CertsFace
from dragoman.doors.shared.push.issuer import Issuer


def test_discovery_leads_to_the_keys_by_the_address_that_was_asked() -> None:
    client = World(CertsFace(Issuer())).connect()
    found = json.loads(client.ask("GET", "/.well-known/openid-configuration").body)
    assert found["issuer"] == "http://broker.test:8085"
    assert found["jwks_uri"].startswith("http://")
    assert found["jwks_uri"].endswith("/oauth2/v3/certs")
    assert found["id_token_signing_alg_values_supported"] == ["RS256"]


def test_keys_are_told_in_both_forms_and_the_private_one_in_none() -> None:
    client = World(CertsFace(Issuer())).connect()
    answers = [client.ask("GET", f"/oauth2/{form}/certs") for form in ("v3", "v1")]
    (key,) = json.loads(answers[0].body)["keys"]
    (certificate,) = json.loads(answers[1].body).items()
    assert certificate[0] == key["kid"]
    load_pem_x509_certificate(certificate[1].encode())
    assert set(key) == {"alg", "e", "kid", "kty", "n", "use"}
    assert b"PRIVATE" not in answers[0].body + answers[1].body
