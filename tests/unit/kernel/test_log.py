"""Logs carry the flow and no secrets, for people and for machines."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pytest
import structlog

from niyat.kernel import log
from niyat.kernel.correlation import bound


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def test_a_line_for_machines_has_the_flow_and_masks_what_is_private() -> None:
    said = io.StringIO()
    log.configure(json=True, to=said)
    with bound("the-flow"):
        log.get_logger("niyat.test").info("something happened", code="123456", phone="+91", count=3)
    line = json.loads(said.getvalue())
    assert (line["event"], line["correlation_id"], line["count"]) == ("something happened", "the-flow", 3)
    assert (line["code"], line["phone"]) == ("***", "***")


@pytest.mark.parametrize("machines", [True, False])
def test_a_failure_is_logged_with_its_trace_and_without_a_warning(machines: bool) -> None:
    stream = io.StringIO()
    log.configure(json=machines, to=stream)
    try:
        code = "123456"
        raise RuntimeError("no luck" if code else "")
    except RuntimeError:
        log.get_logger("niyat.test").exception("it failed")
    said = stream.getvalue()
    assert "no luck" in said
    assert "Traceback" in said
    assert "123456" not in said.replace('code = "123456"', "")


def test_lines_below_the_level_are_left_out() -> None:
    said = io.StringIO()
    log.configure(json=True, level="WARNING", to=said)
    log.get_logger("niyat.test").info("too small to say")
    assert said.getvalue() == ""
