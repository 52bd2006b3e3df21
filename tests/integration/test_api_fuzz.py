"""Every public operation is sent what its description allows and what it does not: never a 500, never an answer that
the description does not name.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

from niyat.app import describe_apps
from niyat.openapi import joined
from tests.support.system import Caller, System

pytest.importorskip("schemathesis", reason="needs the schemathesis package (development dependencies)")

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)
EXAMPLES = "10"
SEED = "1"


async def report(system: System, who: Caller, tmp_path: Path) -> str:
    """What schemathesis found as `who`; empty when nothing."""
    described = tmp_path / "openapi.json"
    described.write_text(json.dumps(joined(describe_apps(), system.address)))
    fuzz = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "schemathesis.cli", "run", str(described), "--url", system.address,
        "--header", f"Authorization: {who.http.headers['authorization']}", "--checks", ",".join(CHECKS),
        "--max-examples", EXAMPLES, "--seed", SEED, "--phases", "examples,coverage,fuzzing", "--no-color",
        "--exclude-path-regex", "/auth/(sessions|sign-out)",  # else it signs itself out
        cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await fuzz.communicate()
    return said.decode() if fuzz.returncode else ""


@pytest.mark.long
@pytest.mark.parametrize("role", ["admin", "patient"])
async def test_nothing_that_is_sent_makes_a_500_or_an_answer_that_is_not_described(
    system: System, tmp_path: Path, role: str
) -> None:
    who = system.admin if role == "admin" else await system.patient()
    doctor = await system.doctor()
    await system.book(await system.patient(), (await system.slots(doctor))[0])
    found = await report(system, who, tmp_path)
    assert not found, found
