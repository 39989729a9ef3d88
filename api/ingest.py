"""The REST door: one message, or a batch of them. What it acknowledges is committed."""

from collections.abc import Sequence

import msgspec
from flask import Blueprint, Flask, Response, request

from api.auth import sender
from api.bodies import JSON_TYPES, LINE_TYPES, read_body
from api.problems import unavailable
from data.dead_letters import DeadLetterBox
from data.engine import DatabaseUnavailable
from data.services import Services
from data.tokens import Tokens
from ingest.decoding import split_batch
from ingest.door import Door, Outcome
from ingest.kinds import Kind
from ingest.message import LARGEST_MESSAGE
from ingest.sales import PURCHASE, REFUND
from ingest.social import SOCIAL
from ingest.tickets import ATTEMPT, SCAN

_ENCODER = msgspec.json.Encoder()
_DOORS: dict[str, tuple[Kind, ...]] = {
    "sale": (PURCHASE, REFUND),
    "revenue": (PURCHASE, REFUND),
    "attendance": (SCAN, ATTEMPT),
    "social": (SOCIAL,),
}


def register(server: Flask, services: Services) -> DeadLetterBox:
    """Add the ingest routes; returns the box of refused messages, to be closed with the process."""
    dead_letters = DeadLetterBox(services.database)
    door = Door(services.database, services.directory, services.writer, services.live, dead_letters)
    server.register_blueprint(_routes(services, door, Tokens(services.database)))
    return dead_letters


def _routes(services: Services, door: Door, tokens: Tokens) -> Blueprint:
    routes = Blueprint("ingest", __name__)
    routes.register_error_handler(DatabaseUnavailable, unavailable)
    settings = services.settings
    most_bytes = settings.max_body_mb * 1_000_000

    def single(kinds: tuple[Kind, ...] = ()) -> Response:
        tenant_id = sender(tokens).tenant_id
        outcome = door.single(tenant_id, read_body(LARGEST_MESSAGE, JSON_TYPES), kinds)
        return Response(_ENCODER.encode(outcome), 202, content_type="application/json")

    for name, kinds in _DOORS.items():
        for prefix in ("/api/v1/ingest", "/api/ingest"):
            routes.add_url_rule(
                f"{prefix}/{name}",
                f"{prefix}/{name}",
                single,
                methods=["POST"],
                defaults={"kinds": kinds},
            )

    @routes.post("/api/v1/analytics/events")
    @routes.post("/api/analytics/events")
    def event() -> Response:
        return single()

    @routes.post("/api/v1/ingest/batch")
    @routes.post("/api/ingest/batch")
    def batch() -> Response:
        tenant_id = sender(tokens).tenant_id
        body = read_body(most_bytes, JSON_TYPES | LINE_TYPES)
        parts = split_batch(body, request.mimetype in LINE_TYPES, settings.max_batch_messages)
        outcomes = door.batch(tenant_id, parts)
        only_errors = request.args.get("verdicts") == "errors"
        return Response(_summary(outcomes, only_errors), 202, content_type="application/json")

    return routes


def _summary(outcomes: Sequence[Outcome], only_errors: bool) -> bytes:
    counts = dict.fromkeys(("accepted", "duplicate", "rejected"), 0)
    for outcome in outcomes:
        counts[outcome.status] += 1
    told = [outcome for outcome in outcomes if not only_errors or outcome.status != "accepted"]
    return _ENCODER.encode(
        {
            "accepted": counts["accepted"],
            "duplicates": counts["duplicate"],
            "rejected": counts["rejected"],
            "verdicts": told,
        }
    )
