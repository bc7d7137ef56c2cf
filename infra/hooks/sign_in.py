"""Who may sign in: the application in Entra ID, made or brought in line. azd calls it before and after `provision`.

Before, it makes the registration, so that its ids are there for the functions' settings; after, it tells it where the
web client is, so that people can be sent back there. With an issuer of your own (`azd env set AUTH_ISSUER …`, and
AUTH_AUDIENCE, AUTH_CLIENT_ID, AUTH_SCOPE) it does nothing. It needs the Azure CLI, signed in as somebody who may
register applications, and nothing but Python's own library.
"""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Mapping
from typing import Any

GRAPH = "https://graph.microsoft.com/v1.0"
SEND_ROLE = "Alerts.Send"
SCOPE = "inbox"


class CommandError(Exception):
    """A command that it rests on failed; says which, and what it said."""


def run(*command: str) -> str:
    """What a command prints. Raises `CommandError` when it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # ours, by name
    except FileNotFoundError as error:
        raise CommandError(f"{command[0]} is not installed") from error
    if done.returncode:
        raise CommandError(f"{' '.join(command[:4])} … failed: {done.stderr.strip()}")
    return done.stdout


def graph(method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """One request to Microsoft Graph."""
    content = ["--body", json.dumps(body), "--headers", "Content-Type=application/json"] if body is not None else []
    answer = run("az", "rest", "--method", method, "--url", f"{GRAPH}{path}", *content)
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


def before() -> None:
    """Make the registration, or bring it in line, and tell azd its ids."""
    if os.environ.get("AUTH_ISSUER") and not os.environ.get("AUTH_ENTRA_OBJECT_ID"):
        print(f"Sign-in is by your own issuer, {os.environ['AUTH_ISSUER']}.")
        return
    environment = os.environ["AZURE_ENV_NAME"]
    roles = [role for role in os.environ.get("BELFRY_ROLES", "back-office").split(",") if role]
    wanted = registration(environment, roles)
    query = f"/applications?$filter=displayName eq '{wanted['displayName']}'&$select=id,appId"
    found = graph("get", query)["value"]
    if len(found) > 1:
        raise CommandError(
            f"there are {len(found)} applications named {wanted['displayName']!r}: delete those not yours"
        )
    application = found[0] if found else graph("post", "/applications", wanted)
    identifier, client = application["id"], application["appId"]
    if found:
        graph("patch", f"/applications/{identifier}", wanted)
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
