from dragoman.ports.schemas import SchemaMismatch


def test_a_mismatch_says_why_and_may_say_where() -> None:
    assert (str(SchemaMismatch("no")), SchemaMismatch("no").path) == ("no", "")
    assert SchemaMismatch("no", "body/a").path == "body/a"
