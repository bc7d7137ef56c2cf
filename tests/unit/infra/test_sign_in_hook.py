import json
from pathlib import Path
from typing import Any

import pytest

from infra.hooks import sign_in

OWN = {"AUTH_ISSUER": "https://login.example.com", "AUTH_AUDIENCE": "belfry", "AUTH_CLIENT_ID": "shop"}


class EntraId:
    """Microsoft Graph as far as the hook goes; applications are found a moment after they were made."""

    def __init__(self) -> None:
        self.applications: list[dict[str, Any]] = []
        self.principals: list[dict[str, Any]] = []
        self.told: dict[str, str] = {}
        self.delay = 2

    def run(self, *command: str) -> str:
        """What `az` and `azd` answer."""
        match command:
            case ("az", "rest", "--method", method, "--url", url, *rest):
                body = json.loads(Path(rest[1].removeprefix("@")).read_text()) if rest else {}
                return json.dumps(self._answer(method, url.removeprefix(sign_in.GRAPH), body))
            case ("az", "account", "show"):
                return json.dumps({"tenantId": "tenant"})
            case ("azd", "env", "set", key, value):
                self.told[key] = value
                return ""
        raise AssertionError(command)

    def _answer(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        if method == "get":
            return {"value": self.applications if path.startswith("/applications") else self.principals}
        if (method, path) == ("post", "/applications"):
            made = body | {"id": "object", "appId": "client"}
            self.applications.append(made)
            return made
        if self.delay:
            self.delay -= 1
            raise sign_in.CommandError(f"Resource does not exist or one of its {sign_in._NOT_THERE_YET[0]}.")
        if (method, path) == ("post", "/servicePrincipals"):
            self.principals.append(body)
            return body
        [application] = self.applications
        assert path == f"/applications/{application['id']}"
        self._keep_roles(application, body.get("appRoles", application["appRoles"]))
        application.update(body)
        return {}

    def _keep_roles(self, application: dict[str, Any], roles: list[dict[str, Any]]) -> None:
        kept = {role["id"] for role in roles}
        assert all("origin" not in role for role in roles)
        if any(role["isEnabled"] and role["id"] not in kept for role in application["appRoles"]):
            raise sign_in.CommandError("CannotDeleteOrUpdateEnabledEntitlement")


@pytest.fixture
def entra(monkeypatch: pytest.MonkeyPatch) -> EntraId:
    """In the place of `az` and `azd`."""
    entra = EntraId()
    monkeypatch.setattr(sign_in, "run", entra.run)
    monkeypatch.setattr(sign_in, "_PAUSE_SECONDS", 0)
    for key in (*OWN, "AUTH_SCOPE", "AUTH_ENTRA_OBJECT_ID", "BELFRY_ROLES"):
        monkeypatch.delenv(key, raising=False)
    monkeypatch.setenv("AZURE_ENV_NAME", "test")
    return entra


def _roles(entra: EntraId) -> list[str]:
    return [role["value"] for application in entra.applications for role in application["appRoles"]]


def test_the_application_is_made_and_its_ids_are_told(entra: EntraId) -> None:
    """Though not every machine of Entra ID knows it from the first moment on."""
    sign_in.before()
    assert _roles(entra) == ["Alerts.Send", "back-office"]
    assert entra.applications[0]["identifierUris"] == ["api://client"]
    assert entra.principals == [{"appId": "client"}]
    assert entra.told["AUTH_ISSUER"] == "https://login.microsoftonline.com/tenant/v2.0"
    assert {*sign_in.OWN_ISSUER, "AUTH_ENTRA_OBJECT_ID", "AUTH_ISSUER"} == entra.told.keys()


def test_roles_come_and_go(entra: EntraId, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that were added by hand are left alone."""
    sign_in.before()
    by_hand = {"id": "0", "value": "audit", "isEnabled": True}
    entra.applications[0]["appRoles"].append(by_hand | {"origin": "Application"})
    monkeypatch.setenv("BELFRY_ROLES", "on-call,stock")
    sign_in.before()
    assert _roles(entra) == ["Alerts.Send", "on-call", "stock", "audit"]
    assert all(role["isEnabled"] for role in entra.applications[0]["appRoles"])


def test_an_error_that_lasts_is_told(entra: EntraId) -> None:
    """After a while."""
    entra.delay = sign_in._TRIES
    with pytest.raises(sign_in.CommandError, match="not present"):
        sign_in.before()
    assert (entra.delay, entra.told) == (0, {})


def test_with_an_issuer_of_ones_own_nothing_is_registered(entra: EntraId, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that Entra ID would have told has to be there; what is not is named, before anything is deployed."""
    for key, value in OWN.items():
        monkeypatch.setenv(key, value)
    with pytest.raises(sign_in.CommandError, match="AUTH_SCOPE missing"):
        sign_in.before()
    monkeypatch.setenv("AUTH_SCOPE", "openid")
    sign_in.before()
    assert (entra.applications, entra.told) == ([], {})


def test_what_is_sent_is_what_was_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes by a file: quotation marks in an argument would not reach `az` on every system."""
    az = tmp_path / "az"
    az.write_text('#!/bin/sh\nfor word; do case "$word" in @*) cat "${word#@}" ;; esac; done\n')
    az.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    body = {"displayName": "Belfry (test)", "text": '"quoted" & 100 %'}
    assert sign_in.graph("patch", "/applications/object", body) == body


def test_a_program_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rather than a traceback."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(sign_in.CommandError, match="az is not installed"):
        sign_in.graph("get", "/applications")
