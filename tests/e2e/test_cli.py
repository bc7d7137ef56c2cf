import asyncio
import json
import os
import pty
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from azure.servicebus import ServiceBusMessage

from belfry.operations.parked import Place
from belfry.operations.service_bus import Access, ParkedMessages
from tests.system import SECONDS, System, eventually

pytestmark = pytest.mark.local_only(reason="people get tokens by name from the local identity only")


@dataclass(frozen=True)
class Answer:
    """What a command said."""

    status: int
    out: bytes
    err: str

    @property
    def lines(self) -> list[str]:
        """Of standard output."""
        return self.out.decode().splitlines()

    @property
    def json(self) -> Any:
        """The one document of `--json`."""
        return json.loads(self.out)


class Belfry:
    """The command `belfry`, with the settings of a running system."""

    def __init__(self, settings: Path) -> None:
        self.settings = settings

    async def start(self, *arguments: str) -> Process:
        """Start it as a process of its own."""
        command = [sys.executable, "-m", "belfry", *arguments, "--settings", str(self.settings)]
        return await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=PIPE)

    async def __call__(self, *arguments: str, given: bytes = b"") -> Answer:
        """Run it to its end."""
        process = await self.start(*arguments)
        async with asyncio.timeout(60):
            out, err = await process.communicate(given)
        assert process.returncode is not None
        return Answer(process.returncode, out, err.decode())

    @asynccontextmanager
    async def tail(self, *arguments: str) -> AsyncIterator[Process]:
        """`belfry tail`, connected."""
        process = await self.start("tail", *arguments)
        assert process.stderr is not None
        try:
            async with asyncio.timeout(SECONDS):
                assert b"Connected as" in await process.stderr.readline()
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()


@pytest.fixture
def belfry(system: System, tmp_path: Path) -> Belfry:
    """The command line."""
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({"Values": {**system.settings, "BELFRY_API": system.api}}))
    return Belfry(file)


async def line(process: Process) -> bytes:
    """The next line of a command's standard output."""
    assert process.stdout is not None
    async with asyncio.timeout(SECONDS):
        return await process.stdout.readline()


async def test_an_alert_is_sent_seen_and_kept(belfry: Belfry, unique: str) -> None:
    """`send` prints the id, `tail` shows the alert at once, and `inbox` has it afterwards."""
    async with belfry.tail("--as", unique) as tail:
        sent = await belfry("send", "--to", f"user:{unique}", "--title", "Door is open", "--severity", "warning")
        assert (sent.status, sent.err) == (0, "")
        [identifier] = sent.lines
        fields = (await line(tail)).decode().rstrip("\n").split("\t")
        assert fields[1:] == ["warning", identifier, f"user:{unique}", "Door is open"]
    inbox = await belfry("inbox", "--as", unique, "--limit", "1")
    [at, *rest] = inbox.lines[0].split("\t")
    assert (at, rest) == (fields[0], ["warning", "unread", identifier, f"user:{unique}", "Door is open"])


async def test_everything_is_json_on_demand(belfry: Belfry, unique: str) -> None:
    """Scripts get the ids with where each was written, the cards as the API has them, and the unread count."""
    alerts = [{"to": [f"role:{unique}"], "title": f"Alert {number}", "id": f"{unique}-{number}"} for number in range(3)]
    async with belfry.tail("--as", unique, "--roles", unique, "--count", "3", "--json") as tail:
        sent = await belfry("send", "-", "--json", given="\n".join(map(json.dumps, alerts)).encode())
        assert [json.loads(text) for text in sent.lines] == [
            {"id": f"{unique}-{number}", "from": f"standard input:{number + 1}"} for number in range(3)
        ]
        cards = [json.loads(await line(tail)) for _ in alerts]
        assert [card["title"] for card in cards] == ["Alert 0", "Alert 1", "Alert 2"]
        async with asyncio.timeout(SECONDS):
            assert await tail.wait() == 0
    who = ("--as", unique, "--roles", unique)
    page = (await belfry("inbox", *who, "--unread", "--json")).json
    shown = [card for card in page["alerts"] if card["audience"] == f"role:{unique}"]
    assert shown == cards[::-1]
    assert page["unread"] >= 3
    assert (await belfry("inbox", *who, "--severity", "critical", "--category", unique)).out == b""


async def test_a_file_is_sent_whole_or_not_at_all(belfry: Belfry, system: System, tmp_path: Path, unique: str) -> None:
    """Of 1,200 alerts one is wrong: status 2, file, line and field are told, and nobody gets anything."""
    alerts = [{"to": [f"user:{unique}"], "title": f"Alert {number}"} for number in range(1200)]
    file = tmp_path / "alerts.jsonl"
    file.write_text("\n".join(map(json.dumps, [*alerts[:1100], {"to": []}, *alerts[1100:]])))
    refused = await belfry("send", str(file))
    assert (refused.status, refused.out) == (2, b"")
    assert f"{file}:1101: " in refused.err
    file.write_text(json.dumps(alerts))
    sent = await belfry("send", str(file))
    assert (sent.status, len(set(sent.lines))) == (0, 1200)

    async def all_arrived() -> bool:
        return len(await system.history(unique)) == 1200

    await eventually(all_arrived, 60)


async def test_a_progress_bar_keeps_to_the_terminal(belfry: Belfry, tmp_path: Path, unique: str) -> None:
    """Of many alerts a person at the terminal sees how far it is; what goes into a file or a pipe is ids alone."""
    file = tmp_path / "alerts.jsonl"
    file.write_text(json.dumps({"to": [f"user:{unique}"], "title": "One of many"}) + "\n")
    file.write_text(file.read_text() * 1000)
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "belfry", "send", str(file), "--settings", str(belfry.settings)]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=PIPE, stderr=slave, env=os.environ | {"TERM": "xterm"}
    )
    os.close(slave)
    shown, (out, _) = await asyncio.gather(asyncio.to_thread(read_terminal, master), process.communicate())
    assert process.returncode == 0
    assert all(len(identifier) == 32 for identifier in out.decode().splitlines())
    assert out.count(b"\n") == 1000
    assert b"1,000 of 1,000" in shown


def read_terminal(descriptor: int) -> bytes:
    """All that was written to a terminal until nobody had it open any more."""
    shown = b""
    with open(descriptor, "rb", buffering=0) as terminal, suppress(OSError):  # what Linux says at its end
        while part := terminal.read(4096):
            shown += part
    return shown


async def test_ctrl_c_ends_tail_cleanly(belfry: Belfry, unique: str) -> None:
    """Status 0, and nothing but what was shown."""
    async with belfry.tail("--as", unique) as tail:
        tail.send_signal(signal.SIGINT)
        async with asyncio.timeout(SECONDS):
            out, err = await tail.communicate()
    assert (tail.returncode, out, err) == (0, b"", b"")


async def test_an_unwanted_reader_ends_a_command_quietly(belfry: Belfry, unique: str) -> None:
    """`| head` leaves no traceback."""
    async with belfry.tail("--as", unique) as tail:
        assert tail.stdout is not None
        tail.stdout._transport.close()  # type: ignore[attr-defined]  # the only way to close a pipe early
        assert (await belfry("send", "--to", f"user:{unique}", "--title", "Anyone there?")).status == 0
        async with asyncio.timeout(SECONDS):
            _, err = await tail.communicate()
    assert (tail.returncode, err) == (1, b"")


async def test_a_token_that_is_not_accepted_is_told(belfry: Belfry) -> None:
    """In the words of the API, with status 1."""
    for command in ("inbox", "tail"):
        refused = await belfry(command, "--token", "nonsense")
        assert (refused.status, refused.out) == (1, b"")
        assert refused.err.startswith("belfry: the API answered 401: ")
        assert refused.err.count("\n") == 1


async def test_a_parked_alert_is_looked_at_mended_and_delivered(
    belfry: Belfry, system: System, tmp_path: Path, unique: str
) -> None:
    """`list` and `show` say what is wrong; `replay` brings it back while it is; a corrected body is delivered."""
    body = json.dumps({"to": [f"user:{unique}"], "titel": "Typo"}).encode()
    async with system.service_bus() as client, client.get_queue_sender("alerts") as sender:
        await sender.send_messages(ServiceBusMessage(body, message_id=unique))

    access = Access.by_connection_string(system.connection_string)
    async with ParkedMessages.open(access, Place.POISON) as messages:

        async def parked() -> list[int]:
            return [each.number for each in await messages.list() if each.id == unique]

        await eventually(parked)
        [number] = await parked()
        listed = (await belfry("poison", "list", "--json")).json["messages"]
        assert [each["field"] for each in listed if each["number"] == number] == ["titel"]
        assert (await belfry("poison", "show", str(number), "--body")).out == body
        shown = (await belfry("poison", "show", str(number), "--json")).json
        assert (shown["body"], shown["messageId"], shown["properties"]["field"]) == (body.decode(), unique, "titel")
        assert "Object contains unknown field `titel`" in (await belfry("poison", "show", str(number))).out.decode()

        replayed = await belfry("poison", "replay", str(number))
        assert (replayed.status, replayed.lines) == (0, [str(number)])
        await eventually(parked)
        [again] = await parked()
        assert again > number
        wrong, mended = tmp_path / "wrong.json", tmp_path / "mended.json"
        wrong.write_bytes(body)
        mended.write_text(json.dumps({"to": [f"user:{unique}"], "title": "Mended"}))
        refused = await belfry("poison", "replay", str(again), "--edit", str(wrong))
        assert (refused.status, refused.err) == (2, f"belfry: {wrong}: Object contains unknown field `titel`.\n")
        assert (await belfry("poison", "replay", str(again), "--edit", str(mended))).status == 0
        assert await parked() == []

    async def arrived() -> bool:
        return [(card["id"], card["title"]) for card in await system.history(unique)] == [(unique, "Mended")]

    await eventually(arrived)
    gone = await belfry("poison", "show", str(number))
    assert (gone.status, gone.err) == (1, f"belfry: alerts-poison has no message {number}.\n")


async def test_the_smoke_test_sees_an_alert_come_and_go(belfry: Belfry, unique: str) -> None:
    """By the API, over the live connection and in the history; nothing is left in the person's inbox."""
    answer = await belfry("smoke", "--as", unique, "--roles", "Alerts.Send", "--json")
    assert (answer.status, answer.err) == (0, "")
    assert [json.loads(text)["step"] for text in answer.lines] == [
        "every service behind the API answers",
        "a client connects and reads its history",
        "the API takes an alert",
        "it arrives by WebSocket",
        "the history has it",
        "its withdrawal arrives by WebSocket",
        "the history has it no more",
    ]
    assert b"Smoke test" not in (await belfry("inbox", "--as", unique)).out


async def test_a_smoke_test_that_fails_says_at_what(belfry: Belfry, unique: str) -> None:
    """A token that may not send; a backend that does not answer is waited for no longer than was said."""
    refused = await belfry("smoke", "--as", unique, "--roles", "customer")
    assert refused.status == 1
    assert refused.err.startswith("belfry: the API answered 403: ")
    nowhere = await belfry("smoke", "--as", unique, "--api", "http://localhost:1/api", "--seconds", "1")
    assert nowhere.status == 1
    assert nowhere.err.startswith("belfry: every service behind the API answers: not within 1 s; ")


async def test_the_doctor_finds_a_whole_system_well(belfry: Belfry) -> None:
    """Settings, API, queues, containers, live connections, issuer and audience, and status 0."""
    answer = await belfry("doctor", "--json")
    assert (answer.status, answer.err) == (0, "")
    assert answer.json["well"]
    findings = answer.json["findings"]
    assert {finding["verdict"] for finding in findings} == {"well"}
    assert {finding["subject"] for finding in findings} == {
        *("Settings", "API", "Service Bus", "Cosmos DB", "Web PubSub", "Issuer", "Audience")
    }


@pytest.mark.parametrize(
    ("change", "subject", "words"),
    [
        ({"AUTH_AUDIENCE": "another"}, "Audience", "Audience"),
        ({"AUTH_ISSUER": "http://localhost:1"}, "Issuer", "localhost:1"),
        ({"BELFRY_API": "http://localhost:1/api"}, "API", "does not answer"),
        ({"COSMOS_DATABASE": "another"}, "Cosmos DB", "database another has no container alerts"),
        ({"COSMOS_KEY": "YW5vdGhlcg=="}, "Cosmos DB", "401"),
        ({"WEB_PUBSUB_CONNECTION": "Endpoint=http://localhost:1;AccessKey=x;Version=1.0;"}, "Web PubSub", "connect"),
        ({"COSMOS_ENDPIONT": "x"}, "Settings", "COSMOS_ENDPIONT is no setting"),
        ({"RETENTION_DAYS": "many"}, "Settings", "RETENTION_DAYS must be a whole number"),
        ({"SERVICE_BUS_CONNECTION": ""}, "Settings", "SERVICE_BUS_CONNECTION"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
async def test_the_doctor_says_what_is_wrong(belfry: Belfry, change: dict[str, str], subject: str, words: str) -> None:
    """Each fault is told, with what to do about it, and status 1."""
    values = json.loads(belfry.settings.read_text())["Values"]
    belfry.settings.write_text(json.dumps({"Values": values | change}))
    answer = await belfry("doctor", "--json")
    assert (answer.status, answer.err) == (1, "")
    wrong = [finding for finding in answer.json["findings"] if finding["verdict"] == "wrong"]
    assert {finding["subject"] for finding in wrong} == {subject}
    assert any(words in finding["what"] for finding in wrong)
    assert all(finding["mend"] for finding in wrong)
