import subprocess
import sys

import pytest

from emulators.functions_host.errors import ConfigurationError
from emulators.functions_host.host_json import parse
from emulators.functions_host.telemetry import Exporters, configure, read

OTLP = frozenset({"otlp"})
CONSOLE = frozenset({"console"})


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, Exporters()),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318"}, Exporters(OTLP, OTLP)),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://localhost:4318/v1/traces"}, Exporters(traces=OTLP)),
        ({"OTEL_TRACES_EXPORTER": "console"}, Exporters(traces=CONSOLE)),
        ({"OTEL_TRACES_EXPORTER": "otlp, console", "OTEL_METRICS_EXPORTER": "none"}, Exporters(traces=OTLP | CONSOLE)),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_METRICS_EXPORTER": "none"}, Exporters(traces=OTLP)),
        ({"OTEL_TRACES_EXPORTER": "console", "OTEL_SDK_DISABLED": "TRUE"}, Exporters()),
    ],
)
def test_the_environment_says_where_telemetry_goes(environment: dict[str, str], expected: Exporters) -> None:
    """By the standard variables; an address alone is enough, and without a word it goes nowhere."""
    assert read(environment) == expected


@pytest.mark.parametrize(
    ("environment", "key"),
    [
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "OTEL_TRACES_EXPORTER"),
        ({"OTEL_METRICS_EXPORTER": "prometheus"}, "OTEL_METRICS_EXPORTER"),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "OTEL_EXPORTER_OTLP_PROTOCOL"),
    ],
)
def test_what_is_not_served_is_refused(environment: dict[str, str], key: str) -> None:
    """By name, at start, rather than losing what was to be seen."""
    with pytest.raises(ConfigurationError, match=key):
        read(environment)


def test_nothing_is_loaded_for_nothing() -> None:
    """Who asks for no telemetry does not wait for its SDK."""
    script = "import sys, emulators.functions_host.telemetry as t; t.configure(t.read({}), {})()"
    script += "; sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0  # noqa: S603  # our own module
    configure(Exporters(), {})()


@pytest.mark.parametrize("mode", ["OpenTelemetry", "openTelemetry", "ApplicationInsights"])
def test_host_json_may_name_the_telemetry_mode(mode: str) -> None:
    """In Azure it decides how the host itself reports; here nothing hangs on it."""
    assert parse(b'{"version": "2.0", "telemetryMode": "%s"}' % mode.encode(), {}) == parse(b'{"version": "2.0"}', {})


def test_a_misspelled_telemetry_mode_is_refused() -> None:
    """The host in Azure would not start with it."""
    with pytest.raises(ConfigurationError, match="telemetryMode"):
        parse(b'{"version": "2.0", "telemetryMode": "OpenTelemetri"}', {})
