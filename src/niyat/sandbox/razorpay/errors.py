"""The vendor's error shape: `{"error": {code, description, source, step, reason, metadata, field?}}`."""

from __future__ import annotations

from fastapi import Response
from fastapi.responses import JSONResponse


class Refusal(Exception):
    """The API refuses a call; becomes the vendor's JSON."""

    def __init__(
        self,
        description: str,
        *,
        field: str | None = None,
        status: int = 400,
        validation: bool = True,
        silent: bool = False,
    ) -> None:
        """`validation` False: source, step and reason are "NA"; `silent`: they are null."""
        super().__init__(description)
        self.description = description
        self.field = field
        self.status = status
        self.validation = validation
        self.silent = silent

    def page(self) -> Response:
        error: dict[str, object] = {"code": "BAD_REQUEST_ERROR", "description": self.description}
        if self.silent:
            error |= {"source": None, "step": None, "reason": None}
        elif self.validation:
            error |= {
                "source": "business",
                "step": "payment_initiation",
                "reason": "input_validation_failed",
            }
        else:
            error |= {"source": "NA", "step": "NA", "reason": "NA"}
        error["metadata"] = {}
        if self.field is not None:
            error["field"] = self.field
        return JSONResponse({"error": error}, status_code=self.status)


def unknown_id(entity_id: str | None = None) -> Refusal:
    """Of an id that has not even the form of one, the vendor says so;
    https://razorpay.com/docs/api/refunds/update.
    """
    if entity_id is not None:
        number = entity_id.partition("_")[2]
        if not (len(number) == 14 and number.isascii() and number.isalnum()):
            return Refusal(f"{entity_id} is not a valid id")
    return Refusal("The id provided does not exist")


def no_such_page() -> Refusal:
    """https://github.com/razorpay/razorpay-node/issues/148"""
    return Refusal("The requested URL was not found on the server.", silent=True)


def fault_page(status: int, description: str | None) -> Response:
    """What Razorpay answers when it is ill (500), too busy (429) or refuses outright (400)."""
    if status == 500:
        error = {
            "code": "SERVER_ERROR",
            "description": description or "We are facing some trouble completing your request at the moment.",
            "source": "internal",
            "step": "NA",
            "reason": "server_error",
            "metadata": {},
        }
        return JSONResponse({"error": error}, status_code=500)
    text = description or ("Request failed" if status == 400 else "Too many requests")
    return Refusal(text, status=status, validation=False).page()
