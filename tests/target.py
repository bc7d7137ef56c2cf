"""What the tests run against: the local cloud, or with `BELFRY_TARGET=azure` what the environment names.

docs/testing.md says what has to be there. Without `BELFRY_TARGET` no setting leads a test away from this machine.
"""

import os
import time
from pathlib import Path
from typing import Any, Final

import jwt
import pytest

TARGET: Final = "BELFRY_TARGET"
KEY_FILE: Final = "BELFRY_TEST_ISSUER_KEY"


def _is_azure() -> bool:
    target = os.environ.get(TARGET, "local")
    if target not in {"local", "azure"}:
        raise pytest.UsageError(f"{TARGET} is `local` or `azure`, not {target!r}")
    return target == "azure"


AZURE: Final = _is_azure()
"""Whether the services are somewhere else."""


def setting(key: str) -> str:
    """A setting that tests against Azure cannot do without; ends the run where it is missing."""
    value = os.environ.get(key)
    if not value:
        pytest.exit(f"{TARGET}=azure needs {key}: see docs/testing.md", returncode=pytest.ExitCode.USAGE_ERROR)
    return value


def sign(user: str, roles: tuple[str, ...], audience: str | None = None, expires_in: str = "3600") -> str:
    """A token of the test environment's issuer: see `scripts.make_test_issuer`."""
    now = int(time.time())
    claims: dict[str, Any] = {
        "iss": setting("AUTH_ISSUER"),
        "aud": audience or setting("AUTH_AUDIENCE"),
        "sub": user,
        "roles": list(roles),
        "iat": now,
        "nbf": now,
        "exp": now + int(expires_in),
    }
    return jwt.encode(claims, Path(setting(KEY_FILE)).read_text(), algorithm="RS256", headers={"kid": "test"})
