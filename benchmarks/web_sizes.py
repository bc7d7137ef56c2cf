"""What a browser has to load: Belfry's web client, and Novu's inbox bundled in the same way."""

import asyncio
import json
import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from benchmarks.figures import Figure
from benchmarks.system import System

TITLE: Final = "Web client: sizes, minified and compressed"
NOVU: Final = ("@novu/js@3.19.2", "@novu/react@3.19.2", "react@19.3.1", "react-dom@19.3.1")
"""What is compared with."""

_ROOT: Final = Path(__file__).parents[1]
_WEB: Final = _ROOT / "web"
_SHOP: Final = _WEB / "shop/dist"
_KIBIBYTE: Final = 1024
_REACT: Final = (r"^react($|/)", r"^react-dom($|/)")


@dataclass(frozen=True, slots=True)
class Entry:
    """A bundle to weigh, as `web_sizes.js` takes it."""

    name: str
    folder: str = ""
    code: str = ""
    external: Sequence[str] = ()
    """Patterns of packages that are left out: the app has them already."""
    conditions: Sequence[str] = ()
    config: str | None = None
    """A file of the web client's whose plugins are used."""
    files: Sequence[str] | None = None
    """Weighed as they are, instead of a bundle."""


async def sizes(_system: System) -> list[Figure]:
    """Bundle and weigh the web client."""
    return await asyncio.to_thread(_figures, [*_client(), *_shop()])


async def sizes_beside_novu(_system: System) -> list[Figure]:
    """The same, and Novu's packages, which npm installs into a folder that is gone afterwards."""
    return await asyncio.to_thread(_beside_novu)


def _beside_novu() -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="belfry-bench-") as folder:
        (Path(folder) / "package.json").write_text('{"private": true, "type": "module"}')
        command = ("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--silent", *NOVU)
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  # what is constant
        return _figures([*_client(), *_shop(), *_novu(folder)])


def _client() -> list[Entry]:
    # Used, so that it is not shaken out of the bundle.
    client = 'import { Belfry } from "@belfry/client"; globalThis.used = Belfry;'
    elements = f'{client} export * from "@belfry/elements";'
    folder, source, own = str(_WEB / "shop"), ("source",), "elements/vite.config.ts"
    return [
        Entry("@belfry/client, as any bundler makes it", folder, client, conditions=source),
        Entry("@belfry/client, with our plugin", folder, client, conditions=source, config=own),
        Entry("with @belfry/elements, as any bundler makes it", folder, elements, conditions=source),
        Entry("with @belfry/elements, with our plugin", folder, elements, conditions=source, config=own),
        Entry("belfry.js", files=[str(_WEB / "elements/dist/belfry.js")]),
        Entry("belfry-worker.js", files=[str(_WEB / "client/dist/belfry-worker.js")]),
    ]


def _shop() -> list[Entry]:
    """The pages, with the scripts and style sheets that they load."""
    return [
        Entry(f"the shop's {page}", files=[str(_SHOP / page), *_named_by(_SHOP / page)])
        for page in ("index.html", "customer.html", "office.html")
    ]


def _named_by(page: Path) -> list[str]:
    return [str(_SHOP / path) for path in re.findall(r'(?:src|href)="/(assets/[^"]+)"', page.read_text())]


def _novu(folder: str) -> list[Entry]:
    inbox = 'import { Inbox } from "@novu/react"; globalThis.used = Inbox;'
    render = (
        'import { createElement } from "react"; import { createRoot } from "react-dom/client";'
        "globalThis.show = (at, what) => createRoot(at).render(createElement(what));"
    )
    return [
        Entry("@novu/js", folder, 'import { Novu } from "@novu/js"; globalThis.used = Novu;'),
        Entry("@novu/js/ui", folder, 'import { NovuUI } from "@novu/js/ui"; globalThis.used = NovuUI;'),
        Entry("@novu/react, <Inbox>, without React", folder, inbox, external=_REACT),
        Entry("@novu/react, <Inbox>, with React", folder, f"{inbox} {render}"),
        Entry("React alone", folder, render),
    ]


def _figures(entries: Sequence[Entry]) -> list[Figure]:
    command = ("node", str(_ROOT / "benchmarks/web_sizes.js"), str(_WEB))
    asked = json.dumps([asdict(entry) for entry in entries])
    said = subprocess.run(command, input=asked, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603  # our own script
    figures: list[Figure] = []
    for entry, weighed in zip(entries, json.loads(said.stdout), strict=True):
        figures += _sizes(entry.name, weighed["first"])
        if weighed["later"]["minified"]:
            figures += _sizes(f"{entry.name}, loaded later", weighed["later"])
    return figures


def _sizes(what: str, weighed: Mapping[str, int]) -> list[Figure]:
    return [
        Figure(what, weighed["minified"] / _KIBIBYTE, "KiB, minified"),
        Figure(what, weighed["gzip"] / _KIBIBYTE, "KiB, gzip -9"),
        Figure(what, weighed["brotli"] / _KIBIBYTE, "KiB, brotli"),
    ]
