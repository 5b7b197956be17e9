from dragoman.kernel.rules.fault import TEXT_CHARS_MAX, BadMessage, Fault


def test_it_says_which_rule_where_and_why_in_one_short_line() -> None:
    fault = Fault("r", "drop", "", BadMessage("body/a", "is no number"))
    assert fault.text == "rule r: body/a: is no number"
    assert Fault("r", "drop", "", BadMessage("", "no")).text == "rule r: no"
    assert len(Fault("r", "drop", "", BadMessage("p", "x" * 10_000)).text) == TEXT_CHARS_MAX
