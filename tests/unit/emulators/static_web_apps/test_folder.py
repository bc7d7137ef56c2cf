import gzip
import json
import os
from pathlib import Path

import pytest

from emulators.static_web_apps.configuration import ConfigurationError
from emulators.static_web_apps.folder import Folder
from emulators.static_web_apps.site import Page, Words


def write(path: Path, content: str, *, at: int = 1) -> None:
    """A file, as if written at some second."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    os.utime(path, (at, at))


def test_files_have_a_type_a_tag_and_a_shorter_form(tmp_path: Path) -> None:
    """Text is compressed where that helps; the tag is that of the content."""
    write(tmp_path / "a.js", "a" * 1000)
    write(tmp_path / "b.js", "a" * 1000, at=2)
    write(tmp_path / "c.png", "a" * 1000)
    write(tmp_path / "d.css", "a")
    folder = Folder(tmp_path, {})
    script, same, picture, short = (folder.file(path) for path in ("/a.js", "/b.js", "/c.png", "/d.css"))
    assert script
    assert same
    assert picture
    assert short
    assert script.compressed
    assert gzip.decompress(script.compressed) == script.content
    assert script.tag == same.tag != short.tag
    assert picture.compressed is short.compressed is None
    assert [file.media_type for file in (script, picture, short)] == ["text/javascript", "image/png", "text/css"]


def test_a_file_that_changed_is_read_anew(tmp_path: Path) -> None:
    """A build while it runs is served at once; what it removes is gone."""
    write(tmp_path / "a.txt", "one")
    folder = Folder(tmp_path, {})
    first = folder.file("/a.txt")
    assert first is folder.file("/a.txt")
    write(tmp_path / "a.txt", "two", at=2)
    second = folder.file("/a.txt")
    assert first
    assert second
    assert (first.content, second.content) == (b"one", b"two")
    (tmp_path / "a.txt").unlink()
    assert folder.file("/a.txt") is None


def test_nothing_outside_the_folder_is_a_file(tmp_path: Path) -> None:
    """Neither by steps nor by links."""
    write(tmp_path / "secret.txt", "secret")
    write(tmp_path / "dist" / "a.txt", "a")
    (tmp_path / "dist" / "link.txt").symlink_to(tmp_path / "secret.txt")
    (tmp_path / "dist" / "inside.txt").symlink_to(tmp_path / "dist" / "a.txt")
    folder = Folder(tmp_path / "dist", {})
    outside = ("/../secret.txt", "/link.txt", "//" + str(tmp_path / "secret.txt"), "/", "/" + "a" * 300)
    assert [path for path in outside if folder.has_file(path) or folder.file(path)] == []
    assert folder.has_file("/inside.txt")


def test_a_file_has_one_path(tmp_path: Path) -> None:
    """With other slashes it would be the same file, but not the one that the rules name."""
    write(tmp_path / "a" / "b.txt", "b")
    folder = Folder(tmp_path, {})
    paths = ("/a/b.txt", "/a/b.txt/", "//a/b.txt", "/a//b.txt")
    assert [path for path in paths if folder.has_file(path)] == ["/a/b.txt"]


def test_members_of_a_json_file_can_be_given(tmp_path: Path) -> None:
    """As a deployment would write them; the others stay."""
    write(tmp_path / "shop.json", '{"issuer": "http://localhost:8091", "api": "/api"}')
    file = Folder(tmp_path, {"/shop.json": {"issuer": "http://localhost:1"}}).file("/shop.json")
    assert file
    assert json.loads(file.content) == {"issuer": "http://localhost:1", "api": "/api"}


def test_the_rules_are_those_of_the_moment(tmp_path: Path) -> None:
    """A build may come later, and bring rules, which may be wrong, and be mended."""
    folder = Folder(tmp_path / "dist", {})
    assert not folder.is_there
    assert isinstance(folder.site().answer("GET", "/"), Words)
    write(tmp_path / "dist" / "index.html", "hello")
    assert isinstance(folder.site().answer("GET", "/"), Page)
    rules = tmp_path / "dist" / "staticwebapp.config.json"
    write(rules, '{"rules": []}')
    with pytest.raises(ConfigurationError, match="`rules`"):
        folder.site()
    write(rules, '{"routes": [{"route": "/", "statusCode": 404}]}', at=2)
    assert isinstance(folder.site().answer("GET", "/"), Words)
