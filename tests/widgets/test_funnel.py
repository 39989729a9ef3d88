"""The way from a page to an order counts what went that way."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from components.markup import markup
from data.answers import Answer
from data.board_document import Placed
from widgets.draw import draw, needs
from widgets.registry import WIDGETS
from widgets.sample import sample_answer, sample_scope

SCOPE = sample_scope(datetime(2026, 11, 20, 19, 42, 7, tzinfo=UTC))
FUNNEL = WIDGETS["funnel"]


def told(channels: Mapping[Any, int], **settings: object) -> str:
    """The last step's row of the table, with 200 carts before it."""
    placed = Placed(id="one", widget="funnel", settings={"compare": "none", **settings})
    answers = {name: sample_answer(need, SCOPE) for name, need in needs(placed, SCOPE).items()}
    steps, orders = answers["funnel"], answers["orders"]
    assert isinstance(steps, Answer)
    assert isinstance(orders, Answer)
    carts = [column.name for column in steps.columns].index("carts")
    row = tuple(200 if place == carts else 9_000 for place in range(len(steps.columns)))
    answers["funnel"] = replace(steps, rows=[row])
    answers["orders"] = replace(orders, rows=list(channels.items()))
    drawn = draw(placed, SCOPE, answers)
    assert drawn.state == "drawn", drawn.error
    [table] = drawn.tables
    assert markup(drawn.body).count("<li") == 4
    return f"{table.rows[-1][1]} {table.rows[-1][3]}"


def test_orders_of_the_box_office_went_another_way_however_it_is_written() -> None:
    sold = {"web": 30, "app": 20, "box office": 400, "Box_Office": 3, "BOX-OFFICE": 4, "phone": 9}
    assert told(sold) == "50 25.0"
    assert told(sold, elsewhere=["app"]) == "446 223.0"
    assert told(sold, elsewhere=[]) == "466 233.0"


def test_orders_without_a_channel_are_of_the_shop_and_none_are_none() -> None:
    assert told({None: 10, "": 4}) == "14 7.0"
    assert told({"box office": 7}) == "0 0.0"
    assert told({}) == "0 0.0"
