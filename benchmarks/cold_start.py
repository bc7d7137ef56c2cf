"""How long a new instance of the functions takes to be ready, from the package that is deployed."""

import asyncio
import json
import os
import statistics
import sys
import tempfile
import zipfile
from asyncio.subprocess import PIPE
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from benchmarks.figures import Figure
from benchmarks.package import packaged_by_azd, write_package
from benchmarks.system import System

STARTS: Final = 9
LARGEST: Final = 6
"""How many of the modules that take longest are named."""
TITLE: Final = f"Cold start: import and indexing, the median of {STARTS} fresh processes"

_ROOT: Final = Path(__file__).parents[1]
_START: Final = """
import json, sys, time
since, worked = time.perf_counter(), time.process_time()
import function_app
functions = function_app.app.get_functions()
print(json.dumps([time.perf_counter() - since, time.process_time() - worked, len(functions), len(sys.modules)]))
"""


async def cold_start(system: System) -> list[Figure]:
    """Unpack the package, and start it again and again: without bytecode of our own modules, as on a new instance."""
    with tempfile.TemporaryDirectory(prefix="belfry-package-") as folder:
        archive, application = Path(folder) / "package.zip", Path(folder) / "application"
        files = packaged_by_azd(_ROOT)
        write_package(_ROOT, files, archive)
        with zipfile.ZipFile(archive) as package:
            package.extractall(application)
        started = [json.loads((await _python(application, system.settings, "-c", _START))[0]) for _ in range(STARTS)]
        _, modules = await _python(application, system.settings, "-X", "importtime", "-c", "import function_app")
        wall, processor, functions, loaded = (statistics.median(figures) for figures in zip(*started, strict=True))
        return [
            Figure("Package", archive.stat().st_size / 1024, "KiB"),
            Figure("Package", len(files), "files"),
            Figure("Start", wall * 1000, "ms"),
            Figure("Start", processor * 1000, "ms of the processor"),
            Figure("Start", functions, "functions"),
            Figure("Start", loaded, "modules"),
            *_largest(modules),
        ]


async def _python(application: Path, settings: Mapping[str, str], *arguments: str) -> tuple[str, str]:
    """Standard output and standard error of one that ends well."""
    environment = {**os.environ, **settings, "PYTHONDONTWRITEBYTECODE": "1"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, cwd=application, env=environment, stdout=PIPE, stderr=PIPE
    )
    output, errors = (stream.decode() for stream in await process.communicate())
    if process.returncode:
        raise RuntimeError(f"the package does not start:\n{errors}")
    return output, errors


def _largest(report: str) -> Sequence[Figure]:
    """The packages that take longest with all that they import first, from a report of `-X importtime`."""
    times: dict[str, int] = {}
    for line in report.splitlines():
        _, cumulative, name = line.removeprefix("import time:").split("|")
        if cumulative.strip().isdecimal() and name.strip().count(".") <= 1:
            times[name.strip()] = int(cumulative)
    ours = ("function_app", "shared")
    foreign = [name for name in sorted(times, key=lambda name: -times[name]) if name.partition(".")[0] not in ours]
    return [Figure(f"of which {name}", times[name] / 1000, "ms") for name in foreign[:LARGEST]]
