"""The headers by which a receiver knows a message, after Standard Webhooks (standardwebhooks.com)."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from datetime import datetime


def headers(sent_id: str, body: bytes, secrets: Sequence[bytes], now: datetime) -> dict[str, str]:
    """The id, the second at which it is sent, and a signature of both and the body by each valid secret."""
    at = int(now.timestamp())
    signed = f"{sent_id}.{at}.".encode() + body
    marks = [base64.b64encode(hmac.digest(secret, signed, "sha256")).decode() for secret in secrets]
    return {
        "Content-Type": "application/json",
        "User-Agent": "Housecount-Webhooks/1",
        "webhook-id": sent_id,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(f"v1,{mark}" for mark in marks),
    }
