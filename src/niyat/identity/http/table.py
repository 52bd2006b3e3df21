"""The only table from error to status."""

from __future__ import annotations

from niyat.identity import errors
from niyat.kernel.http import ErrorTable

TABLE: ErrorTable = {
    errors.CodeWrong: 401,
    errors.SessionOver: 401,
    errors.CodeNotSent: 503,
    errors.AccountDisabled: 403,
    errors.AccountNotFound: 404,
    errors.SessionNotFound: 404,
    errors.AddressTaken: 409,
    errors.InvalidClient: 401,
    errors.UnsupportedGrantType: 400,
    errors.InvalidTokenRequest: 400,
    errors.NoSigningKey: 503,
}
