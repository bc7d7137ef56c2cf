import json
import re
from pathlib import Path

import pytest

from shared.api.problems import Code, ProblemError

PAGE = Path(__file__).parents[3] / "docs/errors.md"


def test_codes_are_distinct_and_well_formed() -> None:
    """Programs go by the code: it is one of a kind, in small letters and hyphens."""
    codes = [code.code for code in Code]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", code) for code in codes)


def test_every_problem_is_an_error_of_http() -> None:
    """A client that knows nothing of codes still sees by the status whose fault it is."""
    assert all(400 <= code.status <= 599 for code in Code)
    assert all(code.title.endswith(".") for code in Code)


def test_the_documentation_has_every_code_as_it_is() -> None:
    """`docs/errors.md` lists code, status and meaning of the code, in its order, and says what to do about each."""
    rows = [line.strip("| ").split(" | ") for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    assert [row[:3] for row in rows] == [[f"`{code.code}`", str(code.status.value), code.title] for code in Code]
    assert all(len(row) == 4 and row[3].endswith(".") for row in rows)


@pytest.mark.parametrize("code", Code)
def test_a_problem_document_has_the_shape_of_the_standard(code: Code) -> None:
    """RFC 9457: type, title, status and detail, with our stable code beside them; of its own media type, never kept."""
    response = ProblemError(code, "the third one is wrong", field="to[2]", headers={"Retry-After": "5"}).response()
    assert response.status == code.status
    assert json.loads(response.body) == {
        "type": f"urn:belfry:problem:{code.code}",
        "title": code.title,
        "status": code.status,
        "code": code.code,
        "detail": "the third one is wrong",
        "field": "to[2]",
    }
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Retry-After"] == "5"


@pytest.mark.parametrize("code", Code)
def test_a_problem_without_words_says_what_it_is(code: Code) -> None:
    """There is always a detail; a field only where one is meant."""
    document = json.loads(ProblemError(code).response().body)
    assert document["detail"] == code.title
    assert "field" not in document


def test_the_example_in_the_documentation_is_real() -> None:
    """What the page shows is what a client gets."""
    match = re.search(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert match
    shown = json.loads(match[1])
    problem = ProblemError(Code.INVALID_ALERT, shown["detail"], field=shown["field"])
    assert json.loads(problem.response().body) == shown
