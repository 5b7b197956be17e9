import msgspec
import pytest

from dragoman.kernel.rules.settings import RuleSettings


def test_what_is_not_said_is_not_stored_and_what_nobody_knows_is_refused() -> None:
    assert msgspec.json.encode(RuleSettings(check="true")) == b'{"check":"true"}'
    with pytest.raises(msgspec.ValidationError, match="chek"):
        msgspec.json.decode(b'{"chek": "true"}', type=RuleSettings)
