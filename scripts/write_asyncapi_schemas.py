"""`python -m scripts.write_asyncapi_schemas`: puts the schemas of the code into docs/asyncapi.yaml.

Only those that the page refers to, and what they are made of. The rest of the page is written by hand.
"""

import re
from pathlib import Path
from typing import Any, Final

import yaml

from shared.api.schemas import components

PAGE: Final = Path(__file__).parents[1] / "docs/asyncapi.yaml"
_MARK: Final = "\n  schemas:\n"
_REFERENCE: Final = re.compile(r"#/components/schemas/(\w+)")


def schemas_for(text: str) -> dict[str, Any]:
    """The schemas that a text refers to, and those that they refer to."""
    known = components()
    found: dict[str, Any] = {}
    waiting = set(_REFERENCE.findall(text))
    while waiting:
        name = waiting.pop()
        found[name] = known[name]
        waiting |= set(_REFERENCE.findall(str(known[name]))) - found.keys()
    return dict(sorted(found.items()))


def written(text: str) -> str:
    """The page with its schemas as the code has them."""
    by_hand = text[: text.index(_MARK) + len(_MARK)]
    schemas = yaml.safe_dump(schemas_for(by_hand), sort_keys=False, allow_unicode=True, width=116)
    return by_hand + "".join(f"    {line}\n" for line in schemas.splitlines())


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
