"""An administrator reads the report of a day and explains what differs, with a reason."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from niyat.payments.adapters.razorpay_records_entities import settlement_row
from niyat.payments.commands.close_settlement import close_settlement
from niyat.payments.commands.record_row import record_row
from tests.support.payments_appointments import PRICE
from tests.support.payments_world import ADMIN, World
from tests.support.sandbox import Json
from tests.support.settling import FEE, INDIA, paid, read_report, settled

NET = PRICE - FEE
WHO = f"admin:{ADMIN}"


async def spoiled(world: World) -> tuple[Json, str, str]:
    """A settlement whose report lacks one row and has another twice: the two attempts."""
    attempts = [(await paid(world))[2] for _ in range(2)]
    settlement = await settled(world)
    await world.sandbox.spoil_report(settlement["id"], "missing", attempts[0])
    await world.sandbox.spoil_report(settlement["id"], "doubled", attempts[1])
    await read_report(world)
    return settlement, attempts[0], attempts[1]


async def listed(world: World) -> dict[str, Json]:
    answer = await world.ask("GET", "/api/v1/reconciliation/differences?status=open", WHO)
    assert answer.status_code == 200, answer.text
    return {one["kind"]: one for one in answer.json()["items"]}


async def explain(world: World, difference: Json, **said: str) -> Json:
    path = f"/api/v1/reconciliation/differences/{difference['difference_id']}/explain"
    answer = await world.ask("POST", path, WHO, {"reason": "The bank's own statement has it"} | said)
    shown: Json = answer.json()
    return {"status_code": answer.status_code} | shown


async def test_the_report_of_a_day_has_both_references_and_every_amount(world: World) -> None:
    settlement, missing, doubled = await spoiled(world)
    day = datetime.fromtimestamp(settlement["created_at"], INDIA).date()
    answer = await world.ask("GET", f"/api/v1/reconciliation/days/{day}", WHO)
    shown = answer.json()
    (one,) = shown["settlements"]
    assert (one["settlement_id"], one["amount"]) == (settlement["id"], 2 * NET)
    assert (one["rows"], one["matched"], one["fee"], one["in_suspense"]) == (2, 1, FEE, NET)
    named = {entry["kind"]: entry for entry in shown["differences"]}
    assert named.keys() == {"missing", "doubled"}
    assert (named["missing"]["entity_id"], named["missing"]["amount"]) == (missing, -NET)
    assert (named["doubled"]["entity_id"], named["doubled"]["amount"]) == (doubled, NET)
    assert all(entry["payment_id"] and entry["appointment_id"] for entry in named.values())


async def test_money_in_suspense_is_moved_where_it_belongs_and_the_reason_is_kept(world: World) -> None:
    await spoiled(world)
    named = await listed(world)
    done = await explain(world, named["missing"], account="gateway_clearing")
    assert (done["status_code"], done["status"]) == (200, "explained")
    assert done["explained_by"] == str(ADMIN)
    assert (await explain(world, named["doubled"]))["status_code"] == 200
    assert not {"suspense", "gateway_clearing"} & (await world.ledger()).keys()
    kept = await world.db.fetch("SELECT action, reason FROM audit_log")
    assert {tuple(row) for row in kept} == {("explain-difference", "The bank's own statement has it")}
    again = await explain(world, named["missing"])
    assert (again["status_code"], again["code"]) == (409, "difference-explained")
    await read_report(world)
    assert not await listed(world)


async def test_the_last_difference_cannot_be_closed_over_money_in_suspense(world: World) -> None:
    await spoiled(world)
    named = await listed(world)
    assert (await explain(world, named["doubled"]))["status_code"] == 200
    refused = await explain(world, named["missing"])
    assert (refused["status_code"], refused["code"], refused["in_suspense"]) == (
        409,
        "money-in-suspense",
        NET,
    )
    assert (await listed(world)).keys() == {"missing"}


async def test_what_is_not_in_suspense_cannot_be_moved_and_not_to_any_account(world: World) -> None:
    await spoiled(world)
    named = await listed(world)
    for account, code in (
        ("patient_deposit", "account-not-correctable"),
        ("doctor_payable", "account-not-correctable"),
        ("suspense", "account-not-correctable"),
        ("nothing_like_it", "account-not-found"),
    ):
        assert (await explain(world, named["missing"], account=account))["code"] == code
    assert (await explain(world, named["missing"], account="bank"))["status_code"] == 200
    assert (await explain(world, named["doubled"], account="bank"))["code"] == "not-in-suspense"
    assert (await explain(world, {"difference_id": uuid4()}))["status_code"] == 404


async def test_a_row_that_comes_after_somebody_moved_its_money_is_booked_once(world: World) -> None:

    _, _, attempt = await paid(world)
    await paid(world)
    settlement = await settled(world)
    row = await world.sandbox.spoil_report(settlement["id"], "missing", attempt)
    await read_report(world)
    await explain(world, (await listed(world))["missing"], account="gateway_clearing")
    day = datetime.fromtimestamp(settlement["created_at"], INDIA).date()
    await world.db.run(record_row, settlement_row(row), 1, day)
    await world.db.run(close_settlement, settlement["id"])
    ledger = await world.ledger()
    assert ledger["bank"] == settlement["amount"]
    assert not {"suspense", "gateway_clearing"} & ledger.keys()


async def test_a_reading_can_be_asked_for_and_looked_at_by_administrators_alone(world: World) -> None:
    await paid(world)
    settlement = await settled(world)
    day = datetime.fromtimestamp(settlement["created_at"], INDIA).date().isoformat()
    asked = await world.ask("POST", "/api/v1/reconciliation/runs", WHO, {"day": day})
    assert (asked.status_code, asked.json()["status"]) == (202, "asked")
    again = await world.ask("POST", "/api/v1/reconciliation/runs", WHO, {"day": day})
    assert again.json()["run_id"] == asked.json()["run_id"]
    await world.settle()
    run = await world.ask("GET", f"/api/v1/reconciliation/runs/{asked.json()['run_id']}", WHO)
    assert [run.json()[key] for key in ("status", "settlements", "rows_read", "matched", "differences")] == [
        "done", 1, 1, 1, 0,
    ]  # fmt: skip
    early = await world.ask("POST", "/api/v1/reconciliation/runs", WHO, {"day": "2099-01-01"})
    assert (early.status_code, early.json()["code"]) == (409, "day-not-over")
    assert (await world.ask("GET", f"/api/v1/reconciliation/runs/{uuid4()}", WHO)).status_code == 404
    runs = await world.ask("GET", f"/api/v1/reconciliation/runs?day={day}&limit=1", WHO)
    assert runs.json()["items"][0]["run_id"]
    for path in ("runs", f"days/{day}", "differences"):
        assert (
            await world.ask("GET", f"/api/v1/reconciliation/{path}", f"patient:{uuid4()}")
        ).status_code == 403
        assert (await world.ask("GET", f"/api/v1/reconciliation/{path}")).status_code == 401


async def test_disputes_are_listed_shown_and_noted_by_administrators_alone(world: World) -> None:
    _, begun, attempt = await paid(world)
    await world.sandbox.dispute(attempt)
    await world.deliver_all([one for one in await world.webhooks() if "dispute" in one["body"]])
    await world.settle()
    found = (await world.ask("GET", "/api/v1/payments/disputes?status=open", WHO)).json()["items"]
    assert [(one["payment_id"], one["status"], one["double_loss"]) for one in found] == [
        (begun["payment_id"], "open", 0)
    ]
    path = f"/api/v1/payments/disputes/{found[0]['dispute_id']}"
    noted = await world.ask("POST", f"{path}/notes", WHO, {"note": "Evidence was sent"})
    assert (noted.status_code, noted.json()["notes"][0]["note"]) == (201, "Evidence was sent")
    assert len((await world.ask("GET", path, WHO)).json()["notes"]) == 1
    for stranger, status in (("", 401), (f"patient:{uuid4()}", 403)):
        assert (await world.ask("GET", path, stranger)).status_code == status
    missing = f"/api/v1/payments/disputes/{uuid4()}"
    assert (await world.ask("GET", missing, WHO)).status_code == 404
    assert (await world.ask("POST", f"{missing}/notes", WHO, {"note": "abc"})).status_code == 404
