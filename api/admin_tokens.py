"""What owners alone do on /admin: make an API token, see it once, revoke it; require a second factor."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import cast
from uuid import UUID

from flask import Blueprint, Flask, g, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from api.admin import PATH, overview
from api.forms import Wrong, require_our_form
from data.access import Scope
from data.people import require_second_factor
from data.permissions import SCOPES
from data.services import Services
from data.tokens import create_token, revoke_token

LONGEST_NAME = 80
DAYS = {"30": 30, "90": 90, "365": 365, "": None}
"""After how many days a token ends, as the form says it; empty for never."""


def register(server: Flask, services: Services) -> None:
    """Add /admin/tokens, what ends one, and /admin/second-factor."""
    routes = Blueprint("admin_tokens", __name__, template_folder="templates")

    def make() -> AnyResponse:
        try:
            require_our_form()
            name, scopes, ends = _asked()
        except Wrong as wrong:
            return overview(services, wrong=str(wrong), status=wrong.status)
        with services.database.tenant(g.person.tenant_id) as tenant:
            token = create_token(tenant, name, scopes, ends)
        return overview(services, token=token, status=201)

    def revoke(token_id: UUID) -> AnyResponse:
        try:
            require_our_form()
            with services.database.tenant(g.person.tenant_id) as tenant:
                if not revoke_token(tenant, token_id):
                    raise Wrong("There is no such token, or it is revoked already.", 404)
        except Wrong as wrong:
            return overview(services, wrong=str(wrong), status=wrong.status)
        return redirect(f"{PATH}?done=revoked", 303)

    def require() -> AnyResponse:
        required = request.form.get("required") == "yes"
        try:
            require_our_form()
            if g.person.demo:
                raise Wrong("Everybody signs in to the demo in the same way.", 403)
            with services.database.tenant(g.person.tenant_id) as tenant:
                require_second_factor(tenant, required)
        except Wrong as wrong:
            return overview(services, wrong=str(wrong), status=wrong.status)
        return redirect(f"{PATH}?done={'required' if required else 'not-required'}", 303)

    routes.add_url_rule(f"{PATH}/second-factor", "require", require, methods=["POST"])
    routes.add_url_rule(f"{PATH}/tokens", "make", make, methods=["POST"])
    routes.add_url_rule(f"{PATH}/tokens/<uuid:token_id>/revoke", "revoke", revoke, methods=["POST"])
    server.register_blueprint(routes)


def _asked() -> tuple[str, list[Scope], datetime | None]:
    name, days = request.form.get("name", "").strip(), request.form.get("days", "")
    scopes = request.form.getlist("scope")
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise Wrong(f"A token has a name of 1 to {LONGEST_NAME} characters: say who will use it.", 422)
    if not scopes or not set(scopes) <= set(SCOPES):
        raise Wrong("Choose what the token may do.", 422)
    if days not in DAYS:
        raise Wrong("Choose when the token ends.", 422)
    lasts = DAYS[days]
    return name, cast(list[Scope], scopes), datetime.now(UTC) + timedelta(days=lasts) if lasts else None
