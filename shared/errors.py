"""What can go wrong, as a tree.

    BelfryError
    ├── PermanentError           trying again cannot help: park it, or tell the caller
    │   ├── InvalidAlertError    the alert breaks its contract
    │   └── RefusedError         a service refused for good what it was asked to do
    ├── TransientError           a later attempt may succeed
    └── SettingsError            a setting is missing or wrong; found at start

A class's docstring is its default message.
"""

import inspect


class BelfryError(Exception):
    """Something went wrong."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or inspect.getdoc(type(self)))


class PermanentError(BelfryError):
    """Trying again cannot help."""


class InvalidAlertError(PermanentError):
    """The alert breaks its contract.

    Args:
        message: a sentence that a producer understands.
        field: path of the field it is about, for example `to[3]`; empty when it is about the whole.
    """

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class RefusedError(PermanentError):
    """A service refused for good what it was asked to do."""


class TransientError(BelfryError):
    """A service did not answer as it should; a later attempt may succeed."""


class SettingsError(BelfryError):
    """A setting is missing or wrong.

    Args:
        problems: a sentence for each that is, with its key.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems
