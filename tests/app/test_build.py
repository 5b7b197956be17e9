"""The build is told truthfully: see `make compile`."""

import importlib
import os
import sys

from tools.compile import hot_modules

from dragoman.app.build import build

EXTENSION = (".so", ".pyd")


def is_extension(name: str) -> bool:
    return str(importlib.import_module(name).__file__).endswith(EXTENSION)


def test_either_every_hot_module_is_an_extension_or_none_is() -> None:
    assert len({is_extension(name) for name in hot_modules()}) == 1


def test_the_build_says_what_was_loaded() -> None:
    loaded = {is_extension(name) for name in hot_modules()}
    assert build() == ("compiled" if True in loaded else "pure")


def test_where_a_compiled_build_is_expected_it_is_one() -> None:
    if os.environ.get("DRAGOMAN_EXPECT_COMPILED") == "1":
        assert build() == "compiled", sys.path
