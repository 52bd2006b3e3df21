"""The vendor's official SDK for Node against the sandbox, where Node is present."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.require import need
from tests.support.sandbox import Json, Sandbox
from tests.support.shop import Shop

SCRIPT = Path(__file__).with_name("node_sdk.mjs")
VERSION = "2.9.8"


@pytest.fixture(scope="session")
def node_modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder outside the repository with the SDK in it; skipped without Node or the npm registry."""
    npm, node = shutil.which("npm"), shutil.which("node")
    need("node", npm is not None and node is not None, "Node with npm is not installed")
    where = tmp_path_factory.mktemp("node")
    install = [str(npm), "install", "--no-audit", "--no-fund", "--ignore-scripts", f"razorpay@{VERSION}"]
    made = subprocess.run(install, cwd=where, capture_output=True, text=True, timeout=120, check=False)
    need("node", made.returncode == 0, f"npm cannot install razorpay: {made.stderr[-300:]}")
    return where


async def run(where: Path, *arguments: str) -> Json:
    environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    process = await asyncio.create_subprocess_exec(
        "node",
        str(SCRIPT),
        str(where),
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, err.decode()
    shown: Json = json.loads(out)
    return shown


@pytest.mark.long
async def test_the_node_sdk_orders_captures_refunds_and_reads_the_report(
    sandbox: Sandbox, node_modules: Path
) -> None:
    account = await sandbox.register_account()
    shop = Shop(sandbox, account)
    dispute = await sandbox.dispute(await shop.paid_visit("card"))
    settlement = await sandbox.settle(account)
    payment_id = (await sandbox.pay((await shop.order())["id"]))["razorpay_payment_id"]
    await sandbox.start_downtime(account)

    seen = await run(
        node_modules, sandbox.razorpay_url, *account.auth, payment_id, dispute["id"], settlement["id"]
    )
    assert seen["order"]["notes"] == {"visit": "नियत 7/2"}
    assert (seen["found"], seen["attempts"]) == ([seen["order"]["id"]], 0)
    assert (seen["captured"]["status"], seen["payment"]["amount_refunded"]) == ("captured", 20000)
    assert (seen["refund"]["speed_processed"], seen["refunds"]) == ("instant", [seen["refund"]["id"]])
    assert (seen["downtimes"], seen["dispute"]["status"]) == (1, "lost")
    assert seen["settlement"] == settlement
    assert [row["settlement_id"] for row in seen["report"]["items"]] == [settlement["id"]]
    assert seen["refused"]["statusCode"] == 400
    assert seen["refused"]["error"]["field"] == "amount"
