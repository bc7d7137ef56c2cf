import inspect
import re

import pytest

import shared.errors
from shared.errors import BelfryError, PermanentError, RefusedError, SettingsError, TransientError


def test_the_tree_is_drawn_as_it_is() -> None:
    """The drawing at the top of the file names every error there is, under its parent."""
    lines = [line for line in (inspect.getdoc(shared.errors) or "").splitlines() if "Error" in line]
    names = [re.sub("[│├└─]", " ", line).split()[0] for line in lines]
    parents: dict[str, str] = {}
    above: list[str] = []
    for line, name in zip(lines, names, strict=True):
        above[line.index(name) // 4 - 1 :] = [name]
        parents[name] = above[-2] if len(above) > 1 else "Exception"
    errors = [kind for kind in vars(shared.errors).values() if isinstance(kind, type)]
    assert parents == {kind.__name__: kind.__bases__[0].__name__ for kind in errors}


@pytest.mark.parametrize("kind", [BelfryError, PermanentError, RefusedError, TransientError, SettingsError])
def test_an_error_without_words_says_what_it_is(kind: type[BelfryError]) -> None:
    """The docstring is the default message."""
    assert str(kind()) == inspect.getdoc(kind)
    assert str(kind("the disk is full")) == "the disk is full"
