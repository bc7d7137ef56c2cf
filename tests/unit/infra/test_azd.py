import json
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).parents[3]
AZD: dict[str, Any] = yaml.safe_load((PROJECT / "azure.yaml").read_text())


def test_the_web_client_is_told_of_its_deployment_last() -> None:
    """`azd up` packages before there is anything to tell of, and packages by `npm run build`, which begins afresh."""
    web = AZD["services"]["web"]
    assert "build" in json.loads((PROJECT / web["project"] / "package.json").read_text())["scripts"]
    assert list(web["hooks"]) == ["predeploy"]
    for hook in web["hooks"]["predeploy"].values():
        python, script, folder = hook["run"].split()
        assert python.startswith("python")
        assert (PROJECT / web["project"] / script).resolve() == PROJECT / "infra/hooks/web_settings.py"
        assert folder == web["dist"]


def test_the_hosting_configuration_is_the_one_that_was_built() -> None:
    """Of all below the service's folder, the tools of Static Web Apps take one, and nobody knows which."""
    folder = PROJECT / AZD["services"]["web"]["project"]
    sources = (path for path in folder.rglob("staticwebapp.config.json") if "node_modules" not in path.parts)
    assert [path for path in sources if not path.is_relative_to(folder / AZD["services"]["web"]["dist"])] == []
