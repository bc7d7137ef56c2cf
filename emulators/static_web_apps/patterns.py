"""The patterns of paths that rules go by: an exact path, or one wildcard at its end.

`/news`, `/orders/*`, `/assets/*.js`, `/images/*.{png,jpg}`.
"""

import re
from dataclasses import dataclass, field
from typing import Final

_SHAPE: Final = re.compile(r"(?P<start>/[^*{}]*|)(?:(?P<star>\*)(?:\.(?P<one>\w+)|\.\{(?P<many>\w+(?:,\w+)*)\})?)?")
_INDEX: Final = "index.html"


class PatternError(ValueError):
    """A pattern has a wildcard elsewhere than at its end, or does not begin with `/` or `*`."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """What a rule is about.

    Args:
        text: as it stands in the configuration.

    Raises:
        PatternError: see there.
    """

    text: str
    _expression: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        shape = _SHAPE.fullmatch(self.text)
        if not self.text or shape is None:
            raise PatternError(
                f"`{self.text}` is no pattern: a path from `/`, and one `*` at its end, or `*.{{js,css}}`."
            )
        expression = re.escape(shape["start"])
        if shape["star"]:
            extensions = shape["one"] or (shape["many"] or "").replace(",", "|")
            expression += rf".*\.(?:{extensions})" if extensions else ".*"
        object.__setattr__(self, "_expression", re.compile(expression, re.DOTALL))

    def matches(self, path: str) -> bool:
        """Whether a path is meant. The pattern of a folder's `index.html` means the folder, too; not the reverse."""
        if self._expression.fullmatch(path):
            return True
        folder = self.text.removesuffix("/" + _INDEX)
        return folder != self.text and "*" not in folder and path.rstrip("/") == folder
