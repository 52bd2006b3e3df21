"""`/disputes`, and `/documents` that prove something. https://razorpay.com/docs/api/disputes"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from starlette.datastructures import UploadFile

from niyat.sandbox.razorpay import disputes, documents, evidence, fields, store
from niyat.sandbox.razorpay.api.serving import serve
from niyat.sandbox.world import TheWorld

router = APIRouter()


@router.get("/disputes")
async def every(request: Request, world: TheWorld) -> Response:
    query = request.query_params
    return await serve(request, world, "disputes.list", lambda desk: disputes.list_all(desk, query))


@router.get("/disputes/{dispute_id}")
async def one(dispute_id: str, request: Request, world: TheWorld) -> Response:
    return await serve(request, world, "disputes.fetch", lambda desk: disputes.fetch(desk, dispute_id))


@router.post("/disputes/{dispute_id}/accept")
async def accept(dispute_id: str, request: Request, world: TheWorld) -> Response:
    raw = await request.body()
    return await serve(
        request,
        world,
        "disputes.accept",
        lambda desk: disputes.accept(desk, dispute_id, fields.parse_body(raw, frozenset())),
    )


@router.patch("/disputes/{dispute_id}/contest")
async def contest(dispute_id: str, request: Request, world: TheWorld) -> Response:
    raw = await request.body()
    return await serve(
        request,
        world,
        "disputes.contest",
        lambda desk: disputes.contest(desk, dispute_id, fields.parse_body(raw, evidence.FIELDS)),
    )


@router.post("/documents")
async def upload(request: Request, world: TheWorld) -> Response:
    form = await request.form()
    given, purpose = form.get("file"), form.get("purpose")
    content = await given.read() if isinstance(given, UploadFile) else b""
    name = (given.filename if isinstance(given, UploadFile) else None) or "file"
    kind = (given.content_type if isinstance(given, UploadFile) else None) or "application/octet-stream"
    return await serve(
        request,
        world,
        "documents.create",
        lambda desk: documents.create(desk, purpose, name, kind, len(content)),
    )


@router.get("/documents/{document_id}")
async def document(document_id: str, request: Request, world: TheWorld) -> Response:
    return await serve(
        request, world, "documents.fetch", lambda desk: store.fetch(desk, "document", document_id)
    )
