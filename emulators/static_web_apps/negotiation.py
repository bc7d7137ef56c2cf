"""What a client takes, and what it has already, by the headers of its request. Pure."""

import re
from typing import Final

_TAG: Final = re.compile(r'"[^"]*"')


def takes_gzip(accept_encoding: str) -> bool:
    """Whether gzip is named, or meant by `*`, and has a weight above nothing (RFC 9110, 12.5.3)."""
    weights: dict[str, float] = {}
    for part in accept_encoding.split(","):
        coding, _, parameter = part.partition(";")
        name, _, weight = parameter.partition("=")
        weights[coding.strip().lower()] = _number(weight) if name.strip().lower() == "q" else 1.0
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def is_known(tag: str, if_none_match: str) -> bool:
    """Whether the client has what a tag stands for; tags are compared weakly (RFC 9110, 13.1.2)."""
    return if_none_match.strip() == "*" or tag.removeprefix("W/") in _TAG.findall(if_none_match)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
