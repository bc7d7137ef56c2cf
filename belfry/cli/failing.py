"""What went wrong, in one sentence that says what to do."""

from json import JSONDecodeError
from typing import Final

import aiohttp
from azure.core.exceptions import AzureError, ClientAuthenticationError

from belfry.inbox import ProblemResponseError
from shared.errors import BelfryError, InvalidAlertError, SettingsError, TransientError

_LOOK: Final = "`belfry doctor` looks into it; `make cloud` starts the local cloud."


class WrongUseError(Exception):
    """What was typed, or given in a file or a setting, is wrong. The message is a sentence without its full stop."""


class FailedError(Exception):
    """It did not work. The message is a sentence without its full stop."""


def is_wrong_use(error: Exception) -> bool:
    """Whether trying again cannot help: what was typed, or given in a file or a setting, has to change first."""
    return isinstance(error, WrongUseError | InvalidAlertError | SettingsError)


def explain(error: Exception) -> str:
    """What went wrong, as a sentence.

    Raises:
        Exception: `error` itself, if it is none that can be expected.
    """
    match error:
        case TransientError(__cause__=ClientAuthenticationError(status_code=None)):
            sentence = f"{_closed(str(error))} `az login` signs you in."
        case TransientError():
            sentence = f"{_closed(str(error))} {_LOOK}"
        case WrongUseError() | FailedError() | BelfryError():
            sentence = str(error)
        case ProblemResponseError(status=status, problem={"detail": str(detail)}):
            sentence = f"the API answered {status}: {detail}"
        case ProblemResponseError() | JSONDecodeError():
            sentence = "what answers there is not Belfry's API; is the address right?"
        case aiohttp.ClientConnectorError():
            sentence = f"nothing answers at {error.host}:{error.port}. {_LOOK}"
        case aiohttp.ClientError() | AzureError() | TimeoutError():
            sentence = str(error) or type(error).__name__
        case _:
            raise error
    return _closed(sentence)


def _closed(sentence: str) -> str:
    return sentence if sentence.endswith((".", "?", "!")) else f"{sentence}."
