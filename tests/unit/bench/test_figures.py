"""Figures keep one shape for people and machines."""

from __future__ import annotations

import json

import pytest

from bench.figures import Figure, arguments, report

FIGURES = [Figure("pictures", 12.0, "images/s", "a peer", 2.0, "at least 6 x the peer"), Figure("time", 0.0012, "s")]


def test_a_ratio_is_ours_divided_by_theirs() -> None:
    """Six times the peer; nothing without a peer or against zero."""
    assert FIGURES[0].ratio == 6.0
    assert FIGURES[1].ratio is None
    assert Figure("n", 1.0, "s", "a peer", 0.0).ratio is None


def test_machines_get_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    """The shape that every bench shares, machine included."""
    report("example", FIGURES, as_json=True)
    document = json.loads(capsys.readouterr().out)
    assert document.keys() == {"bench", "machine", "figures"}
    assert document["machine"].keys() == {"cpu", "cores", "python", "kernel"}
    assert document["figures"][0] == {
        "name": "pictures",
        "value": 12.0,
        "unit": "images/s",
        "peer": "a peer",
        "peer_value": 2.0,
        "goal": "at least 6 x the peer",
        "ratio": 6.0,
    }


def test_people_get_a_table(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Name, ratio and goal stand in one row."""
    monkeypatch.setenv("COLUMNS", "160")
    report("example", FIGURES, as_json=False)
    row = next(line for line in capsys.readouterr().out.splitlines() if "pictures" in line)
    assert "6.00 x" in row
    assert "at least 6 x the peer" in row


def test_every_bench_has_two_switches() -> None:
    """Quick and JSON, both off unless asked for."""
    assert vars(arguments("example").parse_args([])) == {"quick": False, "json": False}
    assert vars(arguments("example").parse_args(["--quick", "--json"])) == {"quick": True, "json": True}
