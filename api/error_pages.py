"""What went wrong, as a page for a person."""

from __future__ import annotations

from flask import Response, render_template
from werkzeug.exceptions import HTTPException

from api.problems import request_id, with_headers

_WORDS = {
    400: ("That could not be read", "Go back, load the page again and try once more."),
    404: ("There is no such page", "It was moved or removed, or its address was copied in part."),
    405: ("That cannot be done here", "Go back and use the buttons of the page."),
    413: ("That is too large", "More was sent than is taken in one go. Nothing of it was kept."),
    500: ("Something went wrong here", "It was written down. Nothing that was saved before is lost."),
}


def error_page(error: HTTPException) -> Response:
    """The page for an error, of its status and with its headers; the request's id leads to the log."""
    status = error.code or 500
    title, why = _WORDS.get(status, (error.name, error.description or ""))
    body = render_template("went_wrong.html", title=title, why=why, request_id=request_id())
    headers = {"Cache-Control": "no-store"}
    return with_headers(Response(body, status, headers, mimetype="text/html"), error)
