import json
from typing import Any

import pytest

from emulators.static_web_apps.configuration import Configuration, ConfigurationError, read


def test_an_empty_configuration_has_no_rules() -> None:
    """Nothing is required."""
    assert read(b"{}") == Configuration()


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"route": []}, "`route`"),
        ({"routes": [{"route": "/a", "allowedRoles": ["admin"]}]}, r"`allowedRoles` - at `\$.routes\[0\]`"),
        ({"auth": {}}, "`auth`"),
        ({"trailingSlash": "auto"}, "`trailingSlash`"),
        ({"routes": [{"rewrite": "/a"}]}, "`route`"),
        ({"routes": [{"route": "a"}]}, "`a` is no pattern"),
        ({"routes": [{"route": "/a", "methods": ["get"]}]}, "'get'"),
        ({"routes": [{"route": "/a", "rewrite": "/b", "redirect": "/c"}]}, "both `rewrite` and `redirect`"),
        ({"routes": [{"route": "/a", "rewrite": "b"}]}, "rewrite"),
        ({"routes": [{"route": "/a", "redirect": "/c", "statusCode": 200}]}, "301 or 302"),
        ({"routes": [{"route": "/a", "headers": {"x": "a\r\nset-cookie: b"}}]}, "headers"),
        ({"globalHeaders": {"not a name": "a"}}, "globalHeaders"),
        ({"navigationFallback": {"rewrite": "/api/render"}}, "leads to the API"),
        ({"navigationFallback": {"rewrite": "/a.html", "exclude": ["/*/a"]}}, r"`/\*/a` is no pattern"),
        ({"responseOverrides": {"500": {"rewrite": "/a"}}}, "500"),
        ({"responseOverrides": {"404": {}}}, "either `rewrite` or `redirect`"),
        ({"responseOverrides": {"404": {"redirect": "/", "statusCode": 200}}}, "301 or 302"),
        ({"mimeTypes": {"json": "text/json"}}, "mimeTypes"),
        ([], "array"),
    ],
)
def test_what_is_not_served_is_refused_by_name(document: Any, said: str) -> None:
    """A rule that would not be followed is not taken: the error says which and where."""
    with pytest.raises(ConfigurationError, match=said):
        read(json.dumps(document).encode())


def test_a_file_that_azure_does_not_take_is_refused() -> None:
    """Twenty KiB, and JSON."""
    with pytest.raises(ConfigurationError, match="20480"):
        read(b" " * 20481)
    with pytest.raises(ConfigurationError, match=r"staticwebapp\.config\.json"):
        read(b"{")
