"""The base of every body that the control API takes: unknown fields are refused."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Form(BaseModel):
    model_config = ConfigDict(extra="forbid")
