"""Reads the part of Bicep that infra/ uses: declarations, objects and arrays; any other expression stays text.

Source: "Bicep file structure and syntax" in the documentation of Azure Resource Manager.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

_TOKEN: Final = re.compile(
    r"//[^\n]*|/\*.*?\*/|'''.*?'''|'(?:\\.|\$\{(?:'[^']*'|[^}'])*\}|[^'\\$]|\$(?!\{))*'", re.DOTALL
)
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_END: Final = re.compile(r"[,)\]}]|\n(?!\s*[?:])")
"""Of an expression that is in no brackets; it goes on where the next line begins with `?` or `:`."""

type Keyword = Literal["param", "var", "resource", "module", "output"]
type Value = Object | list[Value] | Text


class BicepError(Exception):
    """The file is not of the part of Bicep that is read here."""


@dataclass(frozen=True)
class Text:
    """An expression as it is written."""

    text: str

    @property
    def literal(self) -> str | None:
        """The value of a string without interpolations."""
        simple = re.fullmatch(r"'([^'\\$]*)'", self.text)
        return simple[1] if simple else None


@dataclass
class Object:
    """An object; `loop` is the head of the `for` that it is the body of, if any."""

    properties: dict[str, Value] = field(default_factory=dict)
    declarations: dict[str, "Declaration"] = field(default_factory=dict)
    """Resources within a resource."""
    loop: str = ""

    def at(self, *path: str) -> Value:
        """The value at a path of names."""
        value: Value = self
        for name in path:
            assert isinstance(value, Object), f"{name}: there is no object around it"
            value = value.properties[name]
        return value

    def text(self, *path: str) -> str:
        """The expression at a path of names."""
        value = self.at(*path)
        assert isinstance(value, Text), f"{'.'.join(path)} is no simple expression"
        return value.text

    def object(self, *path: str) -> "Object":
        """The object at a path of names."""
        value = self.at(*path)
        assert isinstance(value, Object), f"{'.'.join(path)} is no object"
        return value

    def strings(self, *path: str) -> list[str]:
        """The array of literal strings at a path of names."""
        value = self.at(*path)
        assert isinstance(value, list), f"{'.'.join(path)} is no array"
        return [item.literal for item in value if isinstance(item, Text) and item.literal is not None]


@dataclass
class Declaration:
    """One `param`, `var`, `resource`, `module` or `output`."""

    keyword: Keyword
    name: str
    kind: str
    """A type, a resource's type or a module's path."""
    value: Value | None

    @property
    def body(self) -> Object:
        """The object that it is made of."""
        assert isinstance(self.value, Object), f"{self.name} has no body"
        return self.value


@dataclass(frozen=True)
class Bicep:
    """A file."""

    path: Path
    text: str
    """Without comments."""
    declarations: Mapping[tuple[Keyword, str], Declaration]

    def of(self, keyword: Keyword) -> dict[str, Declaration]:
        """All of a keyword by their names, without those within others."""
        return {name: declared for (kind, name), declared in self.declarations.items() if kind == keyword}


def read(path: Path) -> Bicep:
    """Read a file.

    Raises:
        BicepError: it has something that this reader does not know.
    """
    text = _TOKEN.sub(lambda token: "" if token[0].startswith(("//", "/*")) else token[0], path.read_text())
    reader = _Reader(path.name, text)
    declarations = dict[tuple[Keyword, str], Declaration]()
    while reader.more():
        if declared := reader.declaration():
            declarations[declared.keyword, declared.name] = declared
    return Bicep(path, text, declarations)


class _Reader:
    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self.at = 0

    def more(self) -> bool:
        self.skip()
        return self.at < len(self.text)

    def skip(self, *, lines: bool = True) -> None:
        blank = " \t\r\n" if lines else " \t"
        while self.at < len(self.text) and self.text[self.at] in blank:
            self.at += 1

    def peek(self, text: str) -> bool:
        return self.text.startswith(text, self.at)

    def take(self, text: str) -> None:
        if not self.peek(text):
            line = self.text.count("\n", 0, self.at) + 1
            raise BicepError(f"{self.name}:{line}: expected {text!r} before {self.text[self.at : self.at + 30]!r}")
        self.at += len(text)
        self.skip(lines=False)

    def word(self) -> str:
        if self.peek("'"):
            token = _TOKEN.match(self.text, self.at)
            assert token
            self.at = token.end()
            self.skip(lines=False)
            return token[0].strip("'")
        found = _WORD.match(self.text, self.at)
        if not found:
            self.take("a name")
            raise AssertionError
        self.at = found.end()
        self.skip(lines=False)
        return found[0]

    def declaration(self) -> Declaration | None:
        """The next one, or None for what says nothing of its own: decorators, `#` and `targetScope`."""
        if self.peek("@") or self.peek("#"):
            self.expression()
            return None
        match self.word():
            case "targetScope":
                self.take("=")
                self.expression()
                return None
            case "param":
                name, kind = self.word(), self.word()
                value = self.given() if self.peek("=") else None
                return Declaration("param", name, kind, value)
            case "var":
                return Declaration("var", self.word(), "", self.given())
            case "output":
                return Declaration("output", self.word(), self.word(), self.given())
            case "resource" | "module" as keyword:
                name, kind = self.word(), self.word()
                if self.peek("existing"):
                    self.take("existing")
                return Declaration("module" if keyword == "module" else "resource", name, kind, self.given())
            case other:
                raise BicepError(f"{self.name}: {other!r} is not read here")

    def given(self) -> Value:
        self.take("=")
        if self.peek("if"):
            self.take("if")
            self.expression(until="{")
        return self.value()

    def value(self) -> Value:
        if self.peek("{"):
            return self.object()
        if self.peek("["):
            return self.array()
        return Text(self.expression())

    def object(self) -> Object:
        self.take("{")
        found = Object()
        while self.more() and not self.peek("}"):
            if re.compile(r"resource\s+\w+\s+'").match(self.text, self.at):
                declared = self.declaration()
                assert declared
                found.declarations[declared.name] = declared
            elif self.peek("@") or self.peek("#"):
                self.expression()
            else:
                name = self.word()
                self.take(":")
                found.properties[name] = self.value()
            if self.peek(","):
                self.take(",")
        self.take("}")
        return found

    def array(self) -> Value:
        self.take("[")
        self.skip()
        if re.compile(r"for\b").match(self.text, self.at):
            head = self.expression(until=":")
            self.take(":")
            self.skip()
            body = self.value()
            self.skip()
            self.take("]")
            if isinstance(body, Object):
                body.loop = head
                return body
            return Text(f"[{head}]")
        items: list[Value] = []
        while self.more() and not self.peek("]"):
            items.append(self.value())
            if self.peek(","):
                self.take(",")
        self.take("]")
        return items

    def expression(self, until: str = "") -> str:
        """Text up to the end of the line, a comma, a bracket that closes more than it, or `until`."""
        start, depth = self.at, 0
        while self.at < len(self.text):
            if self.peek("'") and (token := _TOKEN.match(self.text, self.at)):
                self.at = token.end()
                continue
            character = self.text[self.at]
            if not depth and (character == until or _END.match(self.text, self.at)):
                break
            depth += (character in "([{") - (character in ")]}")
            self.at += 1
        text = self.text[start : self.at].strip()
        if not text:
            raise BicepError(f"{self.name}: an expression is missing before {self.text[start : start + 30]!r}")
        return text
