"""`/contacts` and `/fund_accounts` of RazorpayX. https://razorpay.com/docs/api/x/contacts"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from niyat.sandbox.razorpay import fields
from niyat.sandbox.razorpay.api.serving import serve
from niyat.sandbox.razorpay.x import contacts, fund_accounts
from niyat.sandbox.world import TheWorld

router = APIRouter()


@router.post("/contacts")
async def add_contact(request: Request, world: TheWorld) -> Response:
    raw = await request.body()
    return await serve(
        request,
        world,
        "contacts.create",
        lambda desk: contacts.create(desk, fields.parse_body(raw, contacts.FIELDS)),
    )


@router.get("/contacts")
async def every_contact(request: Request, world: TheWorld) -> Response:
    query = request.query_params
    return await serve(request, world, "contacts.list", lambda desk: contacts.list_all(desk, query))


@router.get("/contacts/{contact_id}")
async def one_contact(contact_id: str, request: Request, world: TheWorld) -> Response:
    return await serve(request, world, "contacts.fetch", lambda desk: contacts.fetch(desk, contact_id))


@router.patch("/contacts/{contact_id}")
async def edit_contact(contact_id: str, request: Request, world: TheWorld) -> Response:
    raw = await request.body()
    return await serve(
        request,
        world,
        "contacts.edit",
        lambda desk: contacts.edit(desk, contact_id, fields.parse_body(raw, contacts.EDITABLE)),
    )


@router.post("/fund_accounts")
async def add_account(request: Request, world: TheWorld) -> Response:
    raw = await request.body()
    return await serve(
        request,
        world,
        "fund_accounts.create",
        lambda desk: fund_accounts.create(desk, fields.parse_body(raw, fund_accounts.FIELDS)),
    )


@router.get("/fund_accounts")
async def every_account(request: Request, world: TheWorld) -> Response:
    query = request.query_params
    return await serve(request, world, "fund_accounts.list", lambda desk: fund_accounts.list_all(desk, query))


@router.get("/fund_accounts/{account_id}")
async def one_account(account_id: str, request: Request, world: TheWorld) -> Response:
    return await serve(
        request, world, "fund_accounts.fetch", lambda desk: fund_accounts.fetch(desk, account_id)
    )


@router.patch("/fund_accounts/{account_id}")
async def edit_account(account_id: str, request: Request, world: TheWorld) -> Response:
    raw = await request.body()
    return await serve(
        request,
        world,
        "fund_accounts.edit",
        lambda desk: fund_accounts.edit(desk, account_id, fields.parse_body(raw, frozenset({"active"}))),
    )
