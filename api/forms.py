"""What pages of plain forms share: refusing what cannot be done, and answers that nobody keeps."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from flask import Flask, Response, render_template

from api.browser_session import csrf_token, form_is_ours, session_ended


class Wrong(Exception):
    """What was asked cannot be done: the text says why, `status` how HTTP calls it."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


def require_our_form() -> None:
    """Raises Wrong when the form that was sent is not one that this browser session was given."""
    if not form_is_ours():
        raise Wrong("The form was open for too long. Please try again.", 400)


def page(template: str, status: int = 200, **values: object) -> Response:
    """A page with the token for its forms."""
    body = render_template(template, csrf=csrf_token(), **values)
    return Response(body, status, {"Cache-Control": "no-store"}, mimetype="text/html")


def tell_ended(server: Flask, sessions: Iterable[UUID]) -> None:
    """Have the live sockets of these sessions closed."""
    for session_id in sessions:
        session_ended.send(server, session_id=session_id)
