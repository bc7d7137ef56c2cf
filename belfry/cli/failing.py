"""What went wrong, in one sentence that says what to do."""

from typing import Final

import aiohttp
from azure.core.exceptions import AzureError

from belfry.inbox import ProblemResponseError
from shared.errors import BelfryError, InvalidAlertError, SettingsError, TransientError

_LOOK: Final = "`belfry doctor` looks into it; `make cloud` starts the local cloud."


class WrongUseError(Exception):
    """What was typed, or given in a file or a setting, is wrong. The message is a sentence without its full stop."""


class FailedError(Exception):
    """It did not work. The message is a sentence without its full stop."""


def explain(error: Exception) -> tuple[bool, str]:
    """Whether it was wrong use, and the sentence.

    Raises:
        Exception: `error` itself, if it is none that can be expected.
    """
    match error:
        case WrongUseError() | InvalidAlertError() | SettingsError():
            return True, _closed(str(error))
        case TransientError():
            return False, f"{_closed(str(error))} {_LOOK}"
        case FailedError() | BelfryError():
            return False, _closed(str(error))
        case ProblemResponseError(status=status, problem=problem):
            return False, f"the API answered {status}: {_closed(str(problem.get('detail') or problem.get('title')))}"
        case aiohttp.ClientConnectorError():
            return False, f"nothing answers at {error.host}:{error.port}. {_LOOK}"
        case aiohttp.ClientError() | AzureError() | TimeoutError():
            return False, _closed(str(error) or type(error).__name__)
        case _:
            raise error


def _closed(sentence: str) -> str:
    return sentence if sentence.endswith((".", "?", "!")) else f"{sentence}."
