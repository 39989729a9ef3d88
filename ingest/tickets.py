"""What happens to a ticket after its sale: scans, transfers, refused attempts."""

from data.messages import Fact, InvalidAttempt, Scan, TicketTransfer
from ingest.fields import Fields, choice, flag, required_text, text
from ingest.kinds import Kind, Stated, spelt

_DIRECTIONS = {"entry": "entry", "exit": "exit", "in": "entry", "out": "exit"}
_ATTEMPTS = {"scan": "scan", "transfer": "transfer", "validation": "validation"}


def _scan(fields: Fields, stated: Stated) -> tuple[Fact, ...]:
    direction = choice(fields, "direction", _DIRECTIONS, "entry")
    effect = -1 if flag(fields, "annuls", False) else int(flag(fields, "is_valid", True))
    return (
        Scan(
            stated.at,
            required_text(fields, "ticket_id"),
            direction,  # type: ignore[arg-type]
            effect,  # type: ignore[arg-type]
            text(fields, "reason"),
            text(fields, "entry_point") or text(fields, "gate"),
            text(fields, "area") or "",
            text(fields, "scanner_id"),
            flag(fields, "admission", True),
            stated.metadata,
        ),
    )


def _transfer(fields: Fields, stated: Stated) -> tuple[Fact, ...]:
    return (
        TicketTransfer(
            stated.at,
            required_text(fields, "ticket_id"),
            fields.get("from_customer_hash"),
            fields.get("to_customer_hash"),
            text(fields, "reason"),
            flag(fields, "is_successful", True),
            stated.metadata,
        ),
    )


def _attempt(fields: Fields, stated: Stated) -> tuple[Fact, ...]:
    return (
        InvalidAttempt(
            stated.at,
            choice(fields, "attempt_type", _ATTEMPTS),  # type: ignore[arg-type]
            text(fields, "ticket_id"),
            text(fields, "reason"),
            text(fields, "entry_point") or text(fields, "gate"),
            stated.metadata,
        ),
    )


SCAN = Kind(
    "ticket-scan",
    spelt(
        "ticket_id scanned_at entry_point gate direction is_valid reason area admission annuls",
        scanner_id="scanner",
    ),
    _scan,
    times=("scanned_at", "occurred_at"),
    free=("reason",),
)
TRANSFER = Kind(
    "ticket-transfer",
    spelt(
        "ticket_id from_user_id to_user_id from_customer_hash to_customer_hash reason",
        is_successful="successful",
        transferred_at="",
    ),
    _transfer,
    times=("transferred_at", "occurred_at"),
    people={"from_user_id": "from_customer_hash", "to_user_id": "to_customer_hash"},
    free=("reason",),
)
ATTEMPT = Kind(
    "invalid-attempt",
    spelt("ticket_id attempt_type reason entry_point gate attempted_at"),
    _attempt,
    times=("attempted_at", "occurred_at"),
    free=("reason",),
)
