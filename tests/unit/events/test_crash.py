"""Crash points do nothing unless armed, and refuse a name that nobody would ever reach."""

from __future__ import annotations

import pytest

from niyat.kernel.crash import POINTS, VARIABLE, armed, crash_point


def test_a_crash_point_is_inert_unless_armed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert armed() is None
    for point in POINTS:
        crash_point(point)


def test_a_crash_point_passes_another_by(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "inbox:after-commit")
    assert armed() == "inbox:after-commit"
    crash_point("relay:after-handover")


def test_a_misspelt_point_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "relay:after-handoff")
    with pytest.raises(ValueError, match="no crash point"):
        crash_point("relay:after-handover")
