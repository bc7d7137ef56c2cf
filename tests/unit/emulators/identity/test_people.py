from pathlib import Path

import pytest

from emulators.identity.people import People, Person, parse_roles


def test_the_shop_has_customers_and_a_back_office() -> None:
    """The people that come with the provider can be picked, and some of them may send alerts."""
    people = People.read()
    assert list(people.groups) == ["Customers", "Back office"]
    assert any("Alerts.Send" in person.roles for person in people)


@pytest.mark.parametrize("user", ["", "a b", "ü", "a/b", "a" * 129, "a\n"])
def test_an_id_that_no_audience_could_carry_is_refused(user: str) -> None:
    """User ids keep to the alphabet of audiences."""
    with pytest.raises(ValueError, match="A user id has"):
        Person(user, "Somebody")


@pytest.mark.parametrize("role", ["", "a b", "ü", "a:b", "a" * 65])
def test_a_role_that_no_audience_could_carry_is_refused(role: str) -> None:
    """Roles keep to the alphabet of audiences."""
    with pytest.raises(ValueError, match="A role has"):
        Person("ada", "Ada", (role,))


def test_every_character_of_the_alphabet_is_taken() -> None:
    """Ids as real directories have them pass: addresses, GUIDs, and ids with a provider in front."""
    for user in ("ada@example.com", "auth0|5f7c8ec7c33c6c004bbafe82", "urn:user~1", "A+b-c_d.e", "a" * 128):
        assert Person(user, "Somebody").id == user


def test_roles_are_a_list_with_commas() -> None:
    """Spaces, empty entries and repetitions in a list of roles do not count."""
    assert parse_roles(" support, manager,,support ") == ("support", "manager")
    assert parse_roles("") == ()


def test_somebody_of_the_page_brings_name_and_roles() -> None:
    """What is not said about a known person comes from the page; what is said goes before it."""
    people = People({"": [Person("ada", "Ada Lindqvist", ("customer",))]})
    assert people.resolve("ada", None) == Person("ada", "Ada Lindqvist", ("customer",))
    assert people.resolve("ada", "") == Person("ada", "Ada Lindqvist", ())
    assert people.resolve("bob", "support") == Person("bob", "bob", ("support",))


def test_a_wrong_file_says_where_it_is_wrong(tmp_path: Path) -> None:
    """Whoever edits the people is told which entry is wrong."""
    path = tmp_path / "people.json"
    path.write_text('{"Customers": [{"id": "ada", "name": "Ada"}, {"id": "a b", "name": "Bob"}]}')
    with pytest.raises(ValueError, match=r"A user id has .* at `\$\[\.\.\.\]\[1\]`"):
        People.read(path)
    path.write_text('{"Customers": [{"id": "ada", "name": "Ada"}, {"id": "ada", "name": "Ada"}]}')
    with pytest.raises(ValueError, match="same id"):
        People.read(path)
