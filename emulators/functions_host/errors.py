"""What can be wrong with an app, its settings or a message.

HostError                      the host does not start
├── ConfigurationError         a setting or a value of host.json is missing or wrong; names the key
└── AppError                   the app cannot be run
    └── FunctionError          one function cannot be indexed or is of a kind that is not served; names it
SyntaxProblem                  an expression cannot be read; becomes one of the above where its owner is known
├── RouteSyntaxError           a route template
└── ScheduleSyntaxError        an NCRONTAB expression
BodyBindingError               a message's body is not of the kind the function asked for; fails the invocation
"""


class HostError(Exception):
    """The host cannot start."""


class ConfigurationError(HostError):
    """A setting is missing or wrong.

    Args:
        key: where the user finds it, for example `host.json: extensions.serviceBus.prefetchCount`.
        problem: what is wrong with it.
    """

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(f"{key}: {problem}")
        self.key = key


class AppError(HostError):
    """The app cannot be loaded."""


class FunctionError(AppError):
    """A function cannot be run by this host.

    Args:
        function: its name.
        problem: why not.
    """

    def __init__(self, function: str, problem: str) -> None:
        super().__init__(f"function '{function}': {problem}")
        self.function = function


class SyntaxProblem(ValueError):  # noqa: N818  # not an error of its own: it is always turned into one that names its owner
    """An expression cannot be read."""


class RouteSyntaxError(SyntaxProblem):
    """A route template cannot be read, or uses a part of the syntax that is not served."""


class ScheduleSyntaxError(SyntaxProblem):
    """An NCRONTAB expression cannot be read."""


class BodyBindingError(Exception):
    """A message's body is not of the kind the function asked for."""
