"""`belfry doctor`: is all as it has to be, and if not, what is to be done?"""

import os
from argparse import Namespace
from collections.abc import Sequence
from typing import Final

import aiohttp
import msgspec
from azure.identity.aio import DefaultAzureCredential
from rich.text import Text

from belfry.cli.failing import FailedError, WrongUseError
from belfry.cli.person import SECONDS, token_by_name
from belfry.cli.settings import TOKEN, Target, find_target
from belfry.cli.terminal import Column, Terminal, styled
from belfry.operations.checks import Finding, Verdict, check_everything
from belfry.operations.service_bus import Access
from shared.errors import SettingsError
from shared.settings import Settings, load_settings

_SIGNS: Final = {Verdict.WELL: ("✓", "green"), Verdict.WRONG: ("✗", "bold red"), Verdict.UNKNOWN: ("?", "yellow")}
_PERSON: Final = "belfry-doctor"
"""Whom the local identity names in the token that is checked; nothing is done in their name."""


async def run(options: Namespace) -> bool:
    """Check everything, and say whether nothing is wrong."""
    terminal = Terminal(as_json=options.json)
    target = find_target(options)
    findings = list(_misspelt(target))
    try:
        settings, access = load_settings(target.values), target.service_bus
    except SettingsError as error:
        mend = f"Mend it in {target.source}; docs/settings.md has every setting. The services are checked then."
        findings += [Finding("Settings", Verdict.WRONG, what, mend) for what in error.problems]
    else:
        findings.append(Finding("Settings", Verdict.WELL, f"{target.source}: complete"))
        findings += await _services(options, target, settings, access)
    _show(terminal, findings)
    return all(finding.verdict is not Verdict.WRONG for finding in findings)


def _misspelt(target: Target) -> Sequence[Finding]:
    return [
        Finding("Settings", Verdict.WRONG, f"{key} is no setting of Belfry", f"Is {meant} meant?")
        for key, meant in target.misspelt.items()
    ]


async def _services(options: Namespace, target: Target, settings: Settings, access: Access) -> Sequence[Finding]:
    try:
        api: str | None = target.api
    except WrongUseError:
        api = None
    async with DefaultAzureCredential(managed_identity_client_id=settings.identity_client_id) as credential:
        return await check_everything(settings, access, api, await _bearer(options, target), credential)


async def _bearer(options: Namespace, target: Target) -> str | None:
    """A token to check, if there is one."""
    given: str | None = options.token or os.environ.get(TOKEN)
    if given or not target.local_identity:
        return given
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS)) as session:
        try:
            return await token_by_name(session, target.local_identity, _PERSON)()
        except (aiohttp.ClientError, TimeoutError, FailedError, WrongUseError):
            return None  # the check of the issuer says why


def _show(terminal: Terminal, findings: Sequence[Finding]) -> None:
    wrong = sum(finding.verdict is Verdict.WRONG for finding in findings)
    if terminal.as_json:
        terminal.json({"well": not wrong, "findings": msgspec.to_builtins(findings)})
    elif not terminal.is_terminal:
        for finding in findings:
            terminal.fields(finding.verdict, finding.subject, finding.what, finding.mend)
    else:
        terminal.table([Column(""), Column(""), Column("", grows=True, folds=True)], list(map(_row, findings)))
        terminal.text((f"{wrong} to be mended." if wrong else "All is well.", "dim"))


def _row(finding: Finding) -> list[Text]:
    said = styled(finding.what, (f"\n{finding.mend}", "dim") if finding.mend else "")
    return [styled(_SIGNS[finding.verdict]), styled(finding.subject), said]
