"""What a promoter's link gives beside its page: its files, and no more of either than a link may be asked."""

from __future__ import annotations

import threading
from collections.abc import Callable

from flask import Flask, Response, request

from api.exports import MEDIA_TYPES
from api.login import SHARED
from api.problems import problem
from data import audit_note
from data.audit_entry import Actor
from data.dashboard_links import SharedBoard, SharedLinks
from data.export_request import Format
from data.link_rate import LinkRate
from data.services import Services
from exports.names import disposition
from ingest.refusal import printable

FORMATS: dict[str, Format] = {"csv": "csv", "xlsx": "xlsx", "pdf": "pdf"}
HEADERS = {
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-store",
}

Write = Callable[[SharedBoard, Format, str | None], tuple[bytes, str]]
"""The file of a link's board, or of its one widget, and its name."""


def register(server: Flask, services: Services, write: Write) -> Callable[[], None]:
    """Add /shared/<token>/file, and refuse what a link is asked too often; what is returned ends it."""
    links, rate = SharedLinks(services.database), LinkRate(services.counters)
    room = threading.BoundedSemaphore(1)

    def not_too_often() -> Response | None:
        found = SHARED.fullmatch(request.path)
        if found is None:
            return None
        seconds = rate.wait(found["token"], file=found["file"] is not None)
        if not seconds:
            return None
        detail = f"This link is asked for too often. Try again in {seconds} seconds."
        return problem(429, "too-many-requests", detail, headers={"Retry-After": str(seconds)})

    def file(token: str) -> Response:
        found = links.resolve(token)
        if found is None:
            return problem(404, "link-closed", "This link shows nothing any more.")
        audit_note.by(found.access.tenant_id, Actor("link", found.link.link_id))
        audit_note.about(f"dashboard:{found.link.dashboard_id}")
        kind, placed = request.args.get("format", ""), request.args.get("placed")
        if kind not in FORMATS:
            known = f"Choose one of {', '.join(FORMATS)}."
            return problem(422, "invalid-format", known, field="format", value=printable(kind))
        if placed is not None and all(each.id != placed for each in found.board.document.widgets):
            detail = "The board has no such widget."
            return problem(404, "widget-not-found", detail, field="placed", value=printable(placed))
        audit_note.told(format=kind)
        if not room.acquire(blocking=False):
            return problem(503, "too-busy", "Another file is being written.", headers={"Retry-After": "5"})
        try:
            written, name = write(found, FORMATS[kind], placed)
        finally:
            room.release()
        kind_of = MEDIA_TYPES[name.rpartition(".")[2]]
        headers = HEADERS | {"Content-Disposition": disposition(name)}
        return Response(written, headers=headers, content_type=kind_of)

    server.before_request(not_too_often)
    server.add_url_rule("/shared/<token>/file", "shared-file", file, methods=["GET"])

    return links.close
