"""Signatures as botocore makes them; everything that is wrong with one is refused."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from dragoman.security import sigv4

SECRET = "secret/+"
LONG = (
    b"X-Amz-Signature=a&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a&X-Amz-Date=b"
    b"&X-Amz-SignedHeaders=host&X-Amz-Expires=604801"
)


class Sent:
    """A request as botocore signs it, as raw bytes."""

    def __init__(
        self,
        url: str = "http://localhost:4566/000000000000/q",
        body: bytes = b'{"a":1}',
        *,
        headers: Mapping[str, str] | None = None,
        expires_s: int = 0,
        method: str = "POST",
    ) -> None:
        request = AWSRequest(method, url, data=body, headers=dict(headers or {}))
        credentials = Credentials("AKID", SECRET, "session")
        if expires_s:
            SigV4QueryAuth(credentials, "sqs", "eu-west-1", expires=expires_s).add_auth(request)
        else:
            SigV4Auth(credentials, "sqs", "eu-west-1").add_auth(request)
        prepared = request.prepare()
        host, _, path = prepared.url.removeprefix("http://").partition("/")
        self.method = method
        self.target = b"/" + path.encode()
        self.body = body
        raw = {name.lower(): value for name, value in prepared.headers.items()}
        self.headers = [(b"host", host.encode())] + [
            (name.encode(), value if isinstance(value, bytes) else str(value).encode())
            for name, value in raw.items()
        ]
        self.now_ms = int(datetime.now(UTC).timestamp()) * 1000  # noqa: TID251 - as botocore's clock

    def read(self) -> sigv4.Signed:
        signed = sigv4.read(self.headers, self.target.partition(b"?")[2])
        assert signed is not None
        return signed

    def verify(self, secret: str = SECRET) -> None:
        sigv4.verify(
            self.read(),
            secret.encode(),
            self.method,
            self.target,
            self.headers,
            self.body,
            self.now_ms,
        )


def refusal_of(sent: Sent, secret: str = SECRET) -> sigv4.SignatureRefused:
    with pytest.raises(sigv4.SignatureRefused) as refused:
        sent.verify(secret)
    return refused.value


@pytest.mark.parametrize(
    "sent",
    [
        Sent(),
        Sent("http://localhost:4566/"),
        Sent("http://localhost:4566"),
        Sent("http://localhost/a%20b/%C3%A9/q~._-"),
        Sent("http://h:1/q?b=2&a=1&a=0&Empty", b""),
        Sent(headers={"X-Amz-Target": "AmazonSQS.SendMessage", "Content-Type": "a  b"}),
        Sent("http://h/q?Action=ReceiveMessage", b"", expires_s=60, method="GET"),
    ],
)
def test_what_botocore_signs_is_verified(sent: Sent) -> None:
    sent.verify()
    signed = sent.read()
    assert (signed.access_key, signed.region) == ("AKID", "eu-west-1")


def test_another_secret_is_refused() -> None:
    assert refusal_of(Sent(), "other").code == "SignatureDoesNotMatch"


def test_whatever_is_changed_is_noticed() -> None:
    for name in ("body", "target", "method"):
        sent = Sent()
        setattr(sent, name, {"body": b"{}", "target": b"/other", "method": "PUT"}[name])
        assert refusal_of(sent).code == "SignatureDoesNotMatch", name
    sent = Sent()
    sent.headers = [
        (name, b"elsewhere" if name == b"host" else value) for name, value in sent.headers
    ]
    assert refusal_of(sent).code == "SignatureDoesNotMatch"
    sent = Sent("http://h/q?a=1", b"", expires_s=60)
    sent.target = sent.target.replace(b"a=1", b"a=2")
    assert refusal_of(sent).code == "SignatureDoesNotMatch"


def test_a_request_is_good_for_a_quarter_of_an_hour() -> None:
    sent = Sent()
    now_ms = sent.now_ms
    for offset_ms in (-890_000, 890_000):
        sent.now_ms = now_ms + offset_ms
        sent.verify()
    sent.now_ms = now_ms + 905_000
    assert "Signature expired" in str(refusal_of(sent))
    sent.now_ms = now_ms - 905_000
    assert "not yet current" in str(refusal_of(sent))


def test_a_presigned_url_is_good_for_as_long_as_it_says() -> None:
    sent = Sent("http://h/q", b"", expires_s=5_000)
    sent.now_ms += 4_900_000
    sent.verify()
    sent.now_ms += 200_000
    assert "Signature expired" in str(refusal_of(sent))


def test_a_request_without_a_signature_claims_nothing() -> None:
    assert sigv4.read([(b"host", b"h")], b"a=1") is None


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (b"", "algorithm"),
        (b"Basic abc", "algorithm"),
        (b"AWS4-HMAC-SHA256", "Credential"),
        (b"AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request", "Signature"),
        (b"AWS4-HMAC-SHA256 Credential=a, Signature=b, SignedHeaders=host", "5 slash-delimited"),
        (
            b"AWS4-HMAC-SHA256 Credential=/1/r/s/aws4_request, Signature=b, SignedHeaders=host",
            "5 slash",
        ),
        (
            b"AWS4-HMAC-SHA256 Credential=a/1/r/s/aws4_request, Signature=b, SignedHeaders=date",
            "Host",
        ),
        (
            b"AWS4-HMAC-SHA256 Credential=a/1/r/s/aws4_request, Signature=b, SignedHeaders=host"
            + b";x" * 99,
            "Host",
        ),
    ],
)
def test_a_header_that_says_too_little_is_refused(header: bytes, words: str) -> None:
    headers = [(b"authorization", header), (b"x-amz-date", b"20300102T030405Z")]
    with pytest.raises(sigv4.SignatureRefused, match=words):
        sigv4.read(headers, b"")


def test_a_header_without_a_time_is_refused() -> None:
    header = b"AWS4-HMAC-SHA256 Credential=a/1/r/s/aws4_request, Signature=b, SignedHeaders=host"
    with pytest.raises(sigv4.SignatureRefused, match="X-Amz-Date"):
        sigv4.read([(b"authorization", header)], b"")


@pytest.mark.parametrize(
    "date", ["20301302T030405Z", "2030-01-02T03:04", "2030010ŽT030405Z", "20300102T030405z"]
)
def test_a_time_that_is_none_is_refused(date: str) -> None:
    signed = sigv4.Signed("a/20300102/r/s/aws4_request", date, "host", "x")
    with pytest.raises(sigv4.SignatureRefused):
        sigv4.verify(signed, b"s", "GET", b"/", [], b"", 0)


def test_the_day_of_the_scope_is_that_of_the_time() -> None:
    signed = sigv4.Signed("a/20300101/r/s/aws4_request", "20300102T000000Z", "host", "x")
    with pytest.raises(sigv4.SignatureRefused, match="scope"):
        sigv4.verify(signed, b"s", "GET", b"/", [], b"", 1_893_542_400_000)


@pytest.mark.parametrize(
    "query",
    [
        b"X-Amz-Signature=a",
        b"X-Amz-Signature=a&X-Amz-Algorithm=AWS4-HMAC-SHA256",
        LONG,
    ],
)
def test_parameters_that_say_too_little_are_refused(query: bytes) -> None:
    with pytest.raises(sigv4.SignatureRefused):
        sigv4.read([], query)
