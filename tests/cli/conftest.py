from collections.abc import Iterator

import pytest
from tests.cli.asking import Shell, served


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served() as address:
        yield address


@pytest.fixture
def shell(url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    for name in ("DRAGOMAN_URL", "DRAGOMAN_TOKEN", "DRAGOMAN_READY_FILE"):
        monkeypatch.delenv(name, raising=False)
    return Shell(url, capsys)
