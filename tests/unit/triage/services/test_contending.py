"""What another transaction undid is done again, and nothing else is."""

from __future__ import annotations

import pytest

from triage.domain.errors import Unavailable
from triage.services.contending import TRIES, undisturbed
from triage.store.engine import CONTENDED


class Undone:
    """Work that fails so many times before it succeeds."""

    def __init__(self, times: int, code: str = CONTENDED) -> None:
        self.left, self.code, self.tries = times, code, 0

    def __call__(self) -> str:
        self.tries += 1
        if self.tries <= self.left:
            raise Unavailable(self.code, "Made up.")
        return "done"


@pytest.mark.parametrize("times", [0, 1, TRIES - 1])
def test_it_is_tried_again_at_once(times: int) -> None:
    """A few times."""
    work = Undone(times)
    assert (undisturbed(work), work.tries) == ("done", times + 1)


@pytest.mark.parametrize(("times", "code", "tries"), [(TRIES, CONTENDED, TRIES), (1, "database-unavailable", 1)])
def test_it_is_told_in_the_end(times: int, code: str, tries: int) -> None:
    """When it goes on so, or when something is wrong."""
    work = Undone(times, code)
    with pytest.raises(Unavailable) as caught:
        undisturbed(work)
    assert (caught.value.code, work.tries) == (code, tries)
