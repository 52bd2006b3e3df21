"""Accounts, sign-in with one-time codes, sessions and tokens. Other services know only its tokens and its JWKS."""
