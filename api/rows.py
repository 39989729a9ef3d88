"""The rows behind a figure by REST: lines of sales or scans, newest first, page by page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Flask, Response

from api import board_problems
from api.answers import answer, asked
from api.viewers import viewers_of
from data import audit_note
from data.currencies import EXPONENTS
from data.drilldown import Rows, rows
from data.drilldown_question import Drill
from data.services import Services

PATH = "/api/v1/analytics/rows"


def register(server: Flask, services: Services) -> None:
    """Add POST /api/v1/analytics/rows, which only reads: its question is too long for an address."""
    viewers = viewers_of(services)
    routes = Blueprint("rows", __name__)
    board_problems.register(routes)

    @routes.post(PATH)
    def read() -> Response:
        access, drill = viewers.access(), asked(Drill)
        audit_note.told(rows=drill.kind)
        only = [ids[0] if len(ids) == 1 else None for ids in (drill.venues, drill.events)]
        audit_note.about(venue=only[0], event=only[1])
        services.directory.venues(access.tenant_id)  # Read before a connection is taken, not beside it.
        with services.database.tenant(access.tenant_id, snapshot=True) as tenant:
            page = rows(tenant, services.directory, access, drill, datetime.now(UTC))
        return answer({"kind": drill.kind} | _shown(page))

    server.register_blueprint(routes)


def _shown(page: Rows) -> dict[str, Any]:
    currency = [column.name for column in page.columns].index("currency") if _has_money(page) else None
    codes = {row[currency] for row in page.rows} if currency is not None else set()
    return {
        "columns": [
            {"name": column.name, "label": column.label, "kind": column.kind, "unit": column.unit}
            for column in page.columns
        ],
        "rows": page.rows,
        "zone": page.zone,
        "exponents": {code: EXPONENTS.get(code, 2) for code in sorted(codes)},
        "masked": sorted(page.masked),
        "nextCursor": page.after or None,
    }


def _has_money(page: Rows) -> bool:
    return any(column.unit == "money" for column in page.columns)
