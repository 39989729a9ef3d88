"""Boards on a wall: /tv?boards=<id>,<id>&every=30 shows them in turn, to whoever is signed in; /tv alone asks
which."""

from __future__ import annotations

import math
from collections.abc import Sequence
from urllib.parse import urlencode
from uuid import UUID

from dash import Dash
from dash.development.base_component import Component
from flask import Response, g, request

from callbacks.fixed_board import fixed_board, looked_at
from callbacks.looking import looking
from callbacks.still_page import answers
from components.still import Still, choose, closed, screen
from data import audit_note
from data.accounts import Person
from data.board_rights import BoardNotFound
from data.dashboards import Board, get, list_boards
from data.permissions import access_of, may
from data.services import Services

MOST_BOARDS = 20
USUAL_SECONDS = 30.0
SHORTEST_SECONDS, LONGEST_SECONDS = 5.0, 3600.0


def register(app: Dash, services: Services) -> None:
    """Add /tv."""
    answer = answers(app)

    def show() -> Response:
        status, title, content = page(
            services,
            g.person,
            ",".join(request.args.getlist("boards")),
            request.args.get("every", ""),
            request.args.get("at", ""),
        )
        return answer(title, content, status)

    app.server.add_url_rule("/tv", "tv", show, methods=["GET"])


def page(services: Services, person: Person, boards: str, every: str, at: str) -> tuple[int, str, Component]:
    """Status, title and content of the screen with the board numbered `at`. Raises DatabaseUnavailable."""
    if not may(access_of(person), "see-boards"):
        return (
            403,
            "TV",
            closed("Dashboards are not part of your role", "Ask the owner of your organisation."),
        )
    ids = board_ids(boards)
    access = access_of(person)
    with services.database.tenant(person.tenant_id) as tenant:
        if not ids:
            named = [(str(board.dashboard_id), board.name) for board in list_boards(tenant, access)]
            return 200, "TV", choose(named, USUAL_SECONDS)
        found: list[Board] = []
        for board_id in ids:
            try:
                board = get(tenant, access, board_id)
            except BoardNotFound:
                continue  # Taken away since the screen was set up: the others go on.
            if board.trashed_at is None:
                found.append(board)
    if not found:
        text = "They are in the trash, are not shared with you, or the address was copied in part."
        return 404, "TV", closed("These boards are not here", text)
    number = int(at) % len(found) if at.isascii() and at.isdecimal() and len(at) < 6 else 0
    board = found[number]
    audit_note.about(f"dashboard:{board.dashboard_id}")
    seconds = interval(every)
    looked = looking(services.directory, access, {}, base=board.document.filters)
    drawn = fixed_board(services, access, board.document.widgets, looked)
    still = Still(board.name, looked_at(looked), drawn.grid, drawn.live(), demo=person.demo)
    following = address([each.dashboard_id for each in found], seconds, (number + 1) % len(found))
    return (
        200,
        board.name,
        screen(still, every=seconds, of=len(found), at=number, next_url=following),
    )


def board_ids(text: str) -> list[UUID]:
    """The ids in a list with commas, each once; what is none is passed over."""
    found: dict[UUID, None] = {}
    for part in text.split(",")[:MOST_BOARDS]:
        try:
            found[UUID(part.strip())] = None
        except ValueError:
            continue
    return list(found)


def interval(text: str) -> float:
    """Seconds until the next board, within what a screen can do; 30 for anything else."""
    try:
        seconds = float(text)
    except ValueError:
        return USUAL_SECONDS
    if not math.isfinite(seconds):
        return USUAL_SECONDS
    return min(max(seconds, SHORTEST_SECONDS), LONGEST_SECONDS)


def address(boards: Sequence[UUID], every: float, at: int) -> str:
    """Where the board numbered `at` is shown."""
    ids = ",".join(str(board) for board in boards)
    return "/tv?" + urlencode({"boards": ids, "every": f"{every:g}", "at": at}, safe=",")
