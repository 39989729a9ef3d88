"""Who sends: the bearer token of a request."""

from collections.abc import Mapping
from typing import Any

from flask import request

from api.problems import Unauthenticated
from data.tokens import Sender, Tokens


def sender(tokens: Tokens) -> Sender:
    """The sender whose API token came with this Flask request: see `sender_of`."""
    return sender_of(request.environ, tokens)


def sender_of(environ: Mapping[str, Any], tokens: Tokens) -> Sender:
    """The sender whose API token came with a request. Raises Unauthenticated, DatabaseUnavailable.

    Unknown, expired, revoked and malformed tokens are told apart by nobody.
    """
    scheme, _, token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("missing-token", "Send your API token: Authorization: Bearer hc_…")
    found = tokens.sender(token.strip())
    if found is None:
        raise Unauthenticated("invalid-token", "This API token is not known, has expired or was revoked.")
    return found
