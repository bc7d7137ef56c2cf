"""Who may sign in: the application in Entra ID, made or brought in line. azd calls it before and after `provision`.

Before, it makes the registration, so that its ids are there for the functions' settings; after, it tells it where the
web client is, so that people can be sent back there. With an issuer of your own (`azd env set AUTH_ISSUER …`, and
AUTH_AUDIENCE, AUTH_CLIENT_ID, AUTH_SCOPE) it does nothing. It needs the Azure CLI, signed in as somebody who may
register applications, and nothing but Python's own library.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

GRAPH = "https://graph.microsoft.com/v1.0"
SEND_ROLE = "Alerts.Send"
SCOPE = "inbox"
OWN_ISSUER = ("AUTH_AUDIENCE", "AUTH_CLIENT_ID", "AUTH_SCOPE")
"""What nobody but its owner knows of an issuer, besides its name."""
_NOT_THERE_YET = ("queried reference-property objects are not present", "does not reference a valid application object")
"""What Graph says of an application that it made a moment ago: its machines tell each other in their own time."""
_TRIES, _PAUSE_SECONDS = 13, 5.0


class CommandError(Exception):
    """A command that it rests on failed; says which, and what it said."""


def run(*command: str) -> str:
    """What a command prints. Raises `CommandError` when it fails."""
    program = shutil.which(command[0])  # on Windows `az` is a batch file, which is not found by its name alone
    if program is None:
        raise CommandError(f"{command[0]} is not installed")
    done = subprocess.run([program, *command[1:]], capture_output=True, text=True, check=False)  # noqa: S603  # ours
    if done.returncode:
        raise CommandError(f"{' '.join(command[:4])} … failed: {done.stderr.strip()}")
    return done.stdout


def graph(method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """One request to Microsoft Graph; a change is tried for a minute while what it changes is not there yet."""
    command = ["az", "rest", "--method", method, "--url", f"{GRAPH}{path}"]
    if body is None:
        answer = run(*command)
        return dict(json.loads(answer)) if answer.strip() else {}
    with tempfile.TemporaryDirectory() as folder:
        content = Path(folder) / "body.json"  # JSON in an argument does not survive a batch file
        content.write_text(json.dumps(body), "utf-8")
        command += ["--body", f"@{content}", "--headers", "Content-Type=application/json"]
        for tries_left in reversed(range(_TRIES)):
            try:
                answer = run(*command)
                break
            except CommandError as error:
                if not tries_left or not any(words in str(error) for words in _NOT_THERE_YET):
                    raise
                time.sleep(_PAUSE_SECONDS)
    return dict(json.loads(answer)) if answer.strip() else {}


def stable_id(environment: str, name: str) -> str:
    """The same for the same role or scope each time: Entra ID knows them by it."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"belfry/{environment}/{name}"))


def registration(environment: str, roles: list[str]) -> dict[str, Any]:
    """What the registration has to say, but for where people are sent back to.

    Args:
        environment: the name of azd's environment.
        roles: the app's own, besides `Alerts.Send`: an alert to `role:<name>` goes to whoever has one.
    """
    own = [
        {
            "id": stable_id(environment, role),
            "value": role,
            "displayName": role,
            "description": f"Gets the alerts to role:{role}.",
            "allowedMemberTypes": ["User"],
            "isEnabled": True,
        }
        for role in roles
    ]
    sender = {
        "id": stable_id(environment, SEND_ROLE),
        "value": SEND_ROLE,
        "displayName": "Send alerts",
        "description": "Sends alerts to anybody.",
        "allowedMemberTypes": ["User", "Application"],
        "isEnabled": True,
    }
    scope = {
        "id": stable_id(environment, f"scope {SCOPE}"),
        "value": SCOPE,
        "type": "User",
        "adminConsentDisplayName": "Read your alerts",
        "adminConsentDescription": "Lets an app read and mark the alerts of whoever is signed in.",
        "userConsentDisplayName": "Read your alerts",
        "userConsentDescription": "Lets this app read and mark your alerts.",
        "isEnabled": True,
    }
    return {
        "displayName": f"Belfry ({environment})",
        "signInAudience": "AzureADMyOrg",
        "api": {"requestedAccessTokenVersion": 2, "oauth2PermissionScopes": [scope]},
        "appRoles": [sender, *own],
    }


def bring_in_line(application: dict[str, Any], wanted: dict[str, Any], environment: str) -> None:
    """Change what is registered to what is wanted; roles that were added by hand stay.

    Entra ID lets go of a role only when it is disabled.
    """
    path = f"/applications/{application['id']}"
    kept = {role["id"] for role in wanted["appRoles"]}
    others = [
        {key: value for key, value in role.items() if key != "origin"}  # which may be read only
        for role in application["appRoles"]
        if role["id"] not in kept
    ]
    dropped = [role | {"isEnabled": False} for role in others if role["id"] == stable_id(environment, role["value"])]
    roles = wanted["appRoles"] + [role for role in others if role["id"] not in {each["id"] for each in dropped}]
    if dropped:
        graph("patch", path, {"appRoles": roles + dropped})
    graph("patch", path, wanted | {"appRoles": roles})


def before() -> None:
    """Make the registration, or bring it in line, and tell azd its ids."""
    if os.environ.get("AUTH_ISSUER") and not os.environ.get("AUTH_ENTRA_OBJECT_ID"):
        missing = [key for key in OWN_ISSUER if not os.environ.get(key)]
        if missing:
            raise CommandError(f"AUTH_ISSUER is your own, and {', '.join(missing)} missing: azd env set …")
        print(f"Sign-in is by your own issuer, {os.environ['AUTH_ISSUER']}.")
        return
    environment = os.environ["AZURE_ENV_NAME"]
    roles = [role for role in os.environ.get("BELFRY_ROLES", "back-office").split(",") if role]
    wanted = registration(environment, roles)
    query = f"/applications?$filter=displayName eq '{wanted['displayName']}'&$select=id,appId,appRoles"
    found = graph("get", query)["value"]
    if len(found) > 1:
        raise CommandError(
            f"there are {len(found)} applications named {wanted['displayName']!r}: delete those not yours"
        )
    application = found[0] if found else graph("post", "/applications", wanted)
    identifier, client = application["id"], application["appId"]
    if found:
        bring_in_line(application, wanted, environment)
    graph("patch", f"/applications/{identifier}", {"identifierUris": [f"api://{client}"]})
    if not graph("get", f"/servicePrincipals?$filter=appId eq '{client}'&$select=id")["value"]:
        graph("post", "/servicePrincipals", {"appId": client})
    tenant = json.loads(run("az", "account", "show"))["tenantId"]
    values = {
        "AUTH_ENTRA_OBJECT_ID": identifier,
        "AUTH_ISSUER": f"https://login.microsoftonline.com/{tenant}/v2.0",
        "AUTH_AUDIENCE": client,
        "AUTH_CLIENT_ID": client,
        "AUTH_SCOPE": f"openid profile offline_access api://{client}/{SCOPE}",
    }
    for key, value in values.items():
        run("azd", "env", "set", key, value)
    print(
        f"Sign-in is by the application {wanted['displayName']!r} in Entra ID, with the roles "
        f"{', '.join([SEND_ROLE, *roles])}.\nGive them to people and producers there: Enterprise applications, "
        "Users and groups. Roles of your own: azd env set BELFRY_ROLES back-office,on-call"
    )


def after() -> None:
    """Let people be sent back to the web client, and nowhere else."""
    identifier, url = os.environ.get("AUTH_ENTRA_OBJECT_ID"), os.environ.get("WEB_URL")
    if not identifier or not url:
        return
    pages = [f"{url}/signed-in.html", f"{url}/"]  # after signing in, and after signing out
    graph("patch", f"/applications/{identifier}", {"spa": {"redirectUris": pages}})
    print(f"The web client is at {url}")


if __name__ == "__main__":
    try:
        {"before": before, "after": after}[sys.argv[1]]()
    except CommandError as error:
        sys.exit(f"Sign-in could not be set up: {error}")
