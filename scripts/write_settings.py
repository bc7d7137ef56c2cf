"""`python -m scripts.write_settings`: puts the table of settings that the code declares into docs/settings.md.

The rest of the page is written by hand.
"""

import re
from pathlib import Path
from typing import Final

from shared.settings import DECLARED

PAGE: Final = Path(__file__).parents[1] / "docs/settings.md"
_TABLE: Final = re.compile(r"^\| Key \|.*\n\|.*\n(?:\|.*\n)*", re.MULTILINE)


def table() -> str:
    """The settings in the order of the code."""
    rows = []
    for declaration in DECLARED:
        default = f"`{declaration.default}`" if declaration.default else ""
        rows.append(f"| `{declaration.key}` | {declaration.meaning} | {default} |\n")
    return "".join(["| Key | Meaning | Default |\n", "| --- | --- | --- |\n", *rows])


def written(text: str) -> str:
    """The page with its table as the code has it; raises `ValueError` where there is none."""
    if len(_TABLE.findall(text)) != 1:
        raise ValueError("the page needs one table of settings")
    return _TABLE.sub(lambda _: table(), text)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
