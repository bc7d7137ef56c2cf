"""The pages a person sees: whom to sign in as, and short notices. They need no script."""

import html
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from string import Template

from emulators.identity.authorization import AuthorizationRequest
from emulators.identity.people import People, Person

_FOLDER = Path(__file__).with_name("pages")


def _template(name: str) -> Template:
    return Template((_FOLDER / name).read_text(encoding="utf-8"))


_FRAME = _template("frame.html")
_SIGN_IN = _template("sign_in.html")
_PERSON = _template("person.html")

STYLE = (_FOLDER / "style.css").read_text(encoding="utf-8")


def sign_in(request: AuthorizationRequest, people: People, tried: Mapping[str, str], problem: str = "") -> str:
    """The page on which one picks a person.

    Args:
        request: what the page's form carries on.
        people: to pick from; the one of the request's login hint has the focus, or the first.
        tried: `user` and `roles` as they were typed before, when that went wrong.
        problem: what went wrong; it stands above the fields, which have the focus then.
    """
    suggested = people.find(request.login_hint or "")
    focus = None if problem else suggested or next(iter(people), None)
    content = _SIGN_IN.substitute(
        problem=f'<p class="problem" role="alert">{html.escape(problem)}</p>' if problem else "",
        fields="\n".join(_hidden(name, value) for name, value in request.fields.items()),
        groups="\n".join(_group(heading, members, focus) for heading, members in people.groups.items()),
        open=" open" if problem else "",
        autofocus=" autofocus" if problem else "",
        user=html.escape(tried.get("user", "")),
        roles=html.escape(tried.get("roles", "")),
    )
    suggestion = f", and suggests {suggested.name}" if suggested else ""
    return _framed("Who are you?", f"{request.client_id} asks you to sign in{suggestion}.", content)


def notice(title: str, text: str) -> str:
    """A page with a heading and a sentence."""
    return _framed(title, text, "")


def _framed(title: str, lead: str, content: str) -> str:
    return _FRAME.substitute(title=html.escape(title), lead=html.escape(lead), content=content)


def _hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'


def _group(heading: str, members: Iterable[Person], focus: Person | None) -> str:
    entries = "".join(_person(person, focused=person is focus) for person in members)
    return f"<h2>{html.escape(heading)}</h2>\n<ul>\n{entries}</ul>"


def _person(person: Person, *, focused: bool) -> str:
    words = person.name.split()
    initials = "".join(word[0] for word in (words[0], *words[1:][-1:]))
    return _PERSON.substitute(
        id=html.escape(person.id),
        autofocus=" autofocus" if focused else "",
        hue=zlib.crc32(person.id.encode()) % 360,
        initials=html.escape(initials.upper()),
        name=html.escape(person.name),
        roles=html.escape(" · ".join(person.roles) or "no roles"),
    )
