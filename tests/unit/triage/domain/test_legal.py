"""On what terms things leave the house, alone and together."""

from __future__ import annotations

import pytest

from triage.domain.errors import Refused
from triage.domain.legal import Handling, Sharing, sharing_together

ONE = Sharing(("TH", "Agency One"), (Handling.H1,))
TWO = Sharing((" th ", "US"), (Handling.H2, Handling.H1))


def test_only_who_is_named_may_get_it() -> None:
    """In any case and with any blanks around it; a part of a name is another name."""
    ONE.require(" agency one")
    for stranger in ("Agency", "T", "", "US"):
        with pytest.raises(Refused):
            ONE.require(stranger)


def test_together_only_who_all_name_may_get_it() -> None:
    """And every handling code of any of them holds."""
    together = sharing_together([ONE, TWO])
    assert together == Sharing(("TH",), (Handling.H1, Handling.H2))
    assert sharing_together([ONE, TWO, Sharing((), ())]).may_share_with == ()


def test_of_nothing_nothing_may_be_shared() -> None:
    assert sharing_together([]) == Sharing((), ())
    with pytest.raises(Refused):
        Sharing((), ()).require("TH")
