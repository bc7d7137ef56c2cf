"""What the API answers when it does not do what it was asked."""

from typing import Any


class ProblemResponseError(Exception):
    """The API answered with a problem.

    Args:
        status: of the response.
        problem: the problem document.
    """

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status} {problem.get('code', '')}: {problem.get('detail', '')}")
        self.status = status
        self.problem = problem
