"""A confirmed visit moves: to whose wish, at what price, and what everybody else may do meanwhile."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.integration.appointments.world import Json, Person, World, together

API = "/api/v1/appointments"


async def visit(world: World, **doctor: Any) -> tuple[Person, Json, Json, list[Json], Person]:
    """A patient's paid visit, its doctor, that doctor's free slots from then on, and the doctor signed in."""
    made, me = await world.doctor(**doctor)
    who = world.patient()
    held = await world.paid(who, await world.slot(made))
    return who, held, made, [s for s in await world.slots(made) if s["starts_at"] > held["starts_at"]], me


async def move(who: Person, held: Json, slot: Json, **more: Any) -> tuple[int, Json]:
    key = more.pop("key", None)
    body = {"slot_id": slot["slot_id"], **more}
    answer = await who.ask("POST", f"{API}/{held['appointment_id']}/reschedule", body, key=key)
    return answer.status_code, answer.json()


async def last_event(world: World, held: Json) -> Json:
    sql = "SELECT payload FROM outbox WHERE key = $1 AND type = 'APPOINTMENT_RESCHEDULED' ORDER BY id DESC LIMIT 1"
    data: Json = (await world.db.fetchval(sql, held["appointment_id"]))["data"]
    return data


async def slot_status(world: World, slot_id: str) -> str:
    return str(await world.db.fetchval("SELECT status FROM available_slots WHERE id = $1", UUID(slot_id)))


async def fee(world: World, doctor: Json, amount: int) -> None:
    """The doctor's price is another from now on."""
    await world.db.execute(
        "UPDATE consultation_settings SET fee_amount = $2 WHERE doctor_id = $1",
        UUID(doctor["doctor_id"]),
        amount,
    )


async def test_a_patient_moves_a_visit_and_the_old_time_is_free_again(world: World) -> None:
    who, held, doctor, slots, _ = await visit(world)
    status, shown = await move(who, held, slots[3])
    assert (status, shown["status"], shown["revision"]) == (200, "confirmed", 1)
    assert (shown["appointment_id"], shown["slot_id"]) == (held["appointment_id"], slots[3]["slot_id"])
    assert (shown["starts_at"], shown["ends_at"]) == (slots[3]["starts_at"], slots[3]["ends_at"])
    assert await slot_status(world, slots[3]["slot_id"]) == "booked"
    assert await slot_status(world, held["slot_id"]) == "available"
    told = await last_event(world, held)
    assert (told["previous_starts_at"], told["starts_at"]) == (held["starts_at"], slots[3]["starts_at"])
    assert (told["revision"], told["amount_owed_back"], told["rescheduled_by"]) == (1, 0, "patient")
    history = await world.db.fetch(
        "SELECT from_status, to_status FROM appointment_status_history ORDER BY id"
    )
    assert [tuple(row) for row in history][-1] == ("confirmed", "confirmed")
    assert (await world.reserve(world.patient(), {"slot_id": held["slot_id"]}))["status"] == "reserved"
    assert doctor["doctor_id"] == shown["doctor_id"]


async def test_the_same_move_sent_twice_happens_once_and_answers_the_same(world: World) -> None:
    who, held, _, slots, _ = await visit(world)
    answers = await together(*(move(who, held, slots[0], key="k") for _ in range(4)))
    assert answers == [answers[0]] * 4
    assert answers[0][0] == 200
    assert (await move(who, held, slots[0]))[1]["revision"] == 1
    assert (await world.told(held)).count("APPOINTMENT_RESCHEDULED") == 1
    assert (await move(who, held, slots[1], key="k"))[1]["code"] == "idempotency-key-reused"


async def test_only_the_two_and_admins_move_a_visit_and_admins_say_why(world: World) -> None:
    _, held, _, slots, me = await visit(world)
    assert (await move(world.patient(), held, slots[0]))[1]["code"] == "appointment-not-found"
    _, other = await world.doctor()
    assert (await move(other, held, slots[0]))[1]["code"] == "appointment-not-found"
    assert (await move(world.nobody, held, slots[0]))[0] == 401
    assert (await move(world.admin, held, slots[0]))[1]["code"] == "reason-required"
    assert (await move(me, held, slots[0]))[0] == 200
    assert (await move(world.admin, held, slots[1], reason_code="doctor-is-late"))[0] == 200
    logged = await world.db.fetch(
        "SELECT subject_id, reason FROM audit_log WHERE action = 'reschedule-appointment'"
    )
    assert [tuple(row) for row in logged] == [(UUID(held["appointment_id"]), "doctor-is-late")]
    assert (await last_event(world, held))["rescheduled_by"] == "admin"


async def test_a_slot_that_cannot_be_had_is_refused_with_its_reason_and_nothing_changes(world: World) -> None:
    who, held, doctor, slots, me = await visit(world, minimum_notice_minutes=120, maximum_advance_days=6)
    other, _ = await world.doctor()
    await world.reserve(world.patient(), slots[0])
    blocked = {name: slots[5][name] for name in ("starts_at", "ends_at")}
    await me.call("POST", "/api/v1/availability/block", {"doctor_id": doctor["doctor_id"], **blocked})
    now = await world.now()
    soon, far = [
        await world.db.fetchval(
            "SELECT id FROM available_slots WHERE doctor_id = $1 AND starts_at > $2 ORDER BY starts_at LIMIT 1",
            UUID(doctor["doctor_id"]),
            now + ahead,
        )
        for ahead in (timedelta(0), timedelta(days=8))
    ]
    refusals = {
        "slot-taken": slots[0],
        "slot-blocked": slots[5],
        "slot-not-found": await world.slot(other),
        "notice-too-short": {"slot_id": str(soon)},
        "too-far-ahead": {"slot_id": str(far)},
    }
    for code, slot in refusals.items():
        assert (await move(who, held, slot))[1]["code"] == code
    assert (await move(who, held, {"slot_id": str(uuid4())}))[1]["code"] == "slot-not-found"
    assert (await move(who, held, slots[1], consultation_type="AUDIO"))[1][
        "code"
    ] == "consultation-type-not-offered"
    assert await world.told(held) == ["APPOINTMENT_RESERVED", "APPOINTMENT_CONFIRMED"]
    assert (await world.get(held))["starts_at"] == held["starts_at"]
    assert (await move(me, held, {"slot_id": str(soon)}))[0] == 200
    assert (await move(me, held, {"slot_id": str(far)}))[0] == 200


async def test_only_a_confirmed_visit_moves_and_only_before_it_begins(world: World) -> None:
    doctor, me = await world.doctor()
    slots = await world.slots(doctor)
    who = world.patient()
    held = await world.reserve(who, slots[-1])
    assert (await move(who, held, slots[-2]))[1]["code"] == "illegal-move"
    await who.call("POST", f"{API}/{held['appointment_id']}/cancel")
    assert (await move(who, held, slots[-2]))[1]["code"] == "appointment-cancelled"
    lapsed = await world.reserve(who, slots[-1])
    await world.move(minutes=6)
    await world.expire()
    assert (await move(who, lapsed, slots[-2]))[1]["code"] == "hold-lapsed"
    paid = await world.paid(who, slots[5])
    await world.move_to(datetime.fromisoformat(paid["starts_at"]))
    for one in (who, me):
        assert (await move(one, paid, slots[-2]))[1]["code"] == "already-started"


async def test_the_difference_of_a_cheaper_time_is_owed_back_and_a_cancellation_counts_on_the_rest(
    world: World,
) -> None:
    who, held, doctor, slots, _ = await visit(world)
    payment = await world.db.fetchval("SELECT secured_by FROM appointments")
    await fee(world, doctor, 30_000)
    shown = (await move(who, held, slots[0]))[1]
    assert shown["amount"] == 30_000
    told = await last_event(world, held)
    assert (told["amount"], told["amount_owed_back"], told["payment_id"]) == (30_000, 20_000, str(payment))
    assert (await world.captured(held, payment)) == {"outcome": "confirmed", "amount_owed_back": 0}
    quote = await world.payments.call("GET", f"/internal/appointments/{held['appointment_id']}")
    assert quote["amount"] == 50_000
    cancelled = await who.call("POST", f"{API}/{held['appointment_id']}/cancel")
    assert cancelled["amount_owed_back"] == 30_000
    assert (await world.captured(held, payment))["amount_owed_back"] == 50_000


async def test_a_dearer_time_is_refused_to_the_patient_and_staff_keep_the_price(world: World) -> None:
    who, held, doctor, slots, me = await visit(world)
    await fee(world, doctor, 65_000)
    status, refused = await move(who, held, slots[0])
    assert (status, refused["code"], refused["amount"], refused["currency"]) == (
        409,
        "dearer-time",
        15_000,
        "INR",
    )
    shown = (await move(me, held, slots[0]))[1]
    assert (shown["revision"], shown["amount"]) == (1, 50_000)
    assert (await last_event(world, held))["amount_owed_back"] == 0


async def test_the_same_time_in_another_way_to_meet_is_a_move_too(world: World) -> None:
    who, held, _, _, _ = await visit(world)
    shown = (await move(who, held, held, consultation_type="IN_PERSON"))[1]
    assert (shown["revision"], shown["consultation_type"]) == (1, "IN_PERSON")
    assert (shown["slot_id"], await slot_status(world, held["slot_id"])) == (held["slot_id"], "booked")


@pytest.mark.parametrize(("hours_before", "owed"), [(25, 50_000), (5, 25_000), (3, 0)])
async def test_a_patient_wins_no_better_terms_by_moving(world: World, hours_before: int, owed: int) -> None:
    who, held, _, slots, me = await visit(world)
    await world.move_to(datetime.fromisoformat(held["starts_at"]) - timedelta(hours=hours_before))
    shown = (await move(who, held, slots[-1]))[1]
    preview = await who.call("GET", f"{API}/{held['appointment_id']}/cancellation")
    assert preview["amount_owed_back"] == owed
    assert max(tier["percent"] for tier in shown["policy"]["tiers"]) == owed * 100 // 50_000
    assert (await me.call("POST", f"{API}/{held['appointment_id']}/cancel"))["amount_owed_back"] == 50_000


@pytest.mark.parametrize(("hours_before", "owed"), [(25, 20_000), (5, 10_000), (3, 0)])
async def test_a_cheaper_time_gives_back_no_more_of_the_difference_than_cancelling_would(
    world: World, hours_before: int, owed: int
) -> None:
    who, held, doctor, slots, _ = await visit(world)
    await fee(world, doctor, 30_000)
    await world.move_to(datetime.fromisoformat(held["starts_at"]) - timedelta(hours=hours_before))
    shown = (await move(who, held, slots[-1]))[1]
    assert (shown["amount"], (await last_event(world, held))["amount_owed_back"]) == (50_000 - owed, owed)


async def test_who_is_moved_by_the_clinic_to_a_nearer_time_may_still_decline_at_no_cost(world: World) -> None:
    who, held, doctor, _, me = await visit(world)
    assert (await move(me, held, (await world.slots(doctor))[0]))[0] == 200
    assert (await who.call("POST", f"{API}/{held['appointment_id']}/cancel"))["amount_owed_back"] == 50_000


async def test_who_is_moved_by_the_clinic_keeps_the_terms(world: World) -> None:
    who, held, _, slots, me = await visit(world)
    await world.move_to(datetime.fromisoformat(held["starts_at"]) - timedelta(hours=3))
    await move(me, held, slots[-1])
    preview = await who.call("GET", f"{API}/{held['appointment_id']}/cancellation")
    assert preview["amount_owed_back"] == 50_000


async def test_buffers_of_other_visits_are_kept_and_ones_own_are_not_in_the_way(world: World) -> None:
    doctor, _ = await world.doctor(slot_minutes=30, buffer_after_minutes=15)
    slots = (await world.slots(doctor))[-8:]
    who = world.patient()
    held = await world.paid(who, slots[2])
    await world.paid(world.patient(), slots[5])
    later, beside = [
        await world.db.fetchval(
            "INSERT INTO available_slots (doctor_id, doctor_key, starts_at, ends_at, consultation_types)"
            " SELECT doctor_id, doctor_key, starts_at + $2, ends_at + $2, consultation_types"
            " FROM available_slots WHERE id = $1 RETURNING id",
            UUID(slots[at]["slot_id"]),
            timedelta(minutes=10),
        )
        for at in (2, 4)
    ]
    assert (await move(who, held, {"slot_id": str(beside)}))[1]["code"] == "slot-taken"
    assert (await move(who, held, {"slot_id": str(later)}))[0] == 200


async def test_two_moves_at_once_leave_one_time_booked(world: World) -> None:
    who, held, _, slots, me = await visit(world)
    answers = await together(
        *(move(who if n % 2 else me, held, slots[n], key=str(n)) for n in range(6)),
    )
    assert [status for status, _ in answers] == [200] * 6
    shown = await world.get(held)
    assert shown["revision"] == 6
    booked = await world.db.fetch("SELECT id FROM available_slots WHERE status = 'booked'")
    assert [str(row["id"]) for row in booked] == [shown["slot_id"]]


async def test_a_move_and_a_cancellation_at_once_end_cancelled_with_everything_free(world: World) -> None:
    doctor, _ = await world.doctor()
    slots = (await world.slots(doctor))[-12:]
    assert len(slots) == 12
    for mine, target in zip(slots[:6], slots[6:], strict=True):
        who = world.patient()
        held = await world.paid(who, mine)
        cancel = who.ask("POST", f"{API}/{held['appointment_id']}/cancel")
        (moved, answer), cancelled = await together(move(who, held, target), cancel)
        assert cancelled.status_code == 200
        assert moved == 200 or answer["code"] == "appointment-cancelled"
        assert await slot_status(world, mine["slot_id"]) == "available"
        assert await slot_status(world, target["slot_id"]) == "available"


async def test_a_move_and_reservations_of_its_target_at_once_have_one_winner(world: World) -> None:
    doctor, _ = await world.doctor()
    slots = (await world.slots(doctor))[-8:]
    assert len(slots) == 8
    for mine, target in zip(slots[:4], slots[4:], strict=True):
        who = world.patient()
        held = await world.paid(who, mine)
        wish = {"slot_id": target["slot_id"], "consultation_type": "VIDEO"}
        rivals = [world.patient().ask("POST", f"{API}/reserve", wish) for _ in range(4)]
        (moved, answer), *others = await together(move(who, held, target), *rivals)
        won = [other for other in others if other.status_code == 201]
        assert len(won) + (moved == 200) == 1
        assert moved == 200 or answer["code"] == "slot-taken"
        assert await slot_status(world, mine["slot_id"]) == ("available" if moved == 200 else "booked")


async def test_two_visits_that_change_places_do_not_deadlock(world: World) -> None:
    doctor, me = await world.doctor()
    slots = (await world.slots(doctor))[-2:]
    one, two = [await world.paid(world.patient(), slot) for slot in slots]
    answers = await together(*(move(me, held, slot) for held, slot in ((one, slots[1]), (two, slots[0])) * 3))
    assert {answer["code"] for status, answer in answers if status != 200} == {"slot-taken"}


async def test_an_unpaid_free_visit_moves_by_staff_to_a_time_that_would_cost(world: World) -> None:
    doctor, me = await world.doctor(fee_amount=0)
    who = world.patient()
    slots = await world.slots(doctor)
    held = await world.reserve(who, slots[5])
    await who.call("POST", f"{API}/{held['appointment_id']}/confirm")
    await fee(world, doctor, 10_000)
    assert (await move(who, held, slots[6]))[1]["code"] == "dearer-time"
    assert (await move(me, held, slots[6]))[1]["amount"] == 0
    assert (await last_event(world, held))["payment_id"] is None


async def test_another_type_of_consultation_has_its_own_price_and_length(world: World) -> None:
    cheaper = {"consultation_type": "VIDEO", "fee_amount": 30_000}
    made, _ = await world.doctor(consultations=[cheaper])
    who = world.patient()
    slot = await world.slot(made)
    wish = {"slot_id": slot["slot_id"], "consultation_type": "IN_PERSON"}
    held = await who.call("POST", f"{API}/reserve", wish)
    assert held["amount"] == 50_000
    await world.secure(held, payment := uuid4())
    await world.captured(held, payment)
    target = (await world.slots(made))[-1]
    shown = (await move(who, held, target, consultation_type="VIDEO"))[1]
    assert (shown["amount"], (await last_event(world, held))["amount_owed_back"]) == (30_000, 20_000)
    back = (await move(who, held, slot, consultation_type="IN_PERSON"))[1]
    assert (back["code"], back["amount"]) == ("dearer-time", 20_000)
