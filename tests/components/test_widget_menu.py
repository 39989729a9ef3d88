"""The menu of a widget: what can be downloaded, how much of it, and why not."""

import re
from datetime import UTC, datetime

import pytest

from components.markup import markup
from components.widget_frame import frame, inside
from data.answers import Column
from data.board_document import Placed
from widgets.draw import Drawn, draw
from widgets.parts import panel
from widgets.registry import WIDGETS
from widgets.sample import sample, sample_scope
from widgets.tables import ON_PAPER
from widgets.widget import Table

SCOPE = sample_scope(datetime(2026, 11, 20, 19, 42, 7, tzinfo=UTC))
ALL = ["csv", "xlsx", "pdf", "png"]


def menu(placed: Placed, drawn: Drawn, *, editable: bool = False) -> str:
    html = markup(frame(placed, drawn, editable=editable), ids=True)
    return html[html.index('class="w-menu"') :].partition("</ul>")[0]


def offered(menu: str) -> list[str]:
    return re.findall('data-export="([^"]*)"', menu)


def closed(menu: str) -> list[tuple[str, str]]:
    """Each entry that cannot be used, and the words it points to."""
    found = re.findall(r'aria-describedby="([^"]*)" aria-disabled="true">([^<]*)', menu)
    said = {why: re.findall(f'id="{why}"[^>]*>([^<]*)', menu) for why, _ in found}
    return [(label, *said[why]) for why, label in found]


def table(here: int, total: int) -> Table:
    return Table((Column("gate", "Gate", "text"),), [(f"Gate {n}",) for n in range(here)], total)


def tabled(*tables: Table) -> Drawn:
    return Drawn(panel("list", "", ""), "Gates", "", "", tables=tables)


PLACED = Placed(id="one", widget="gate-flow")


@pytest.mark.parametrize("name", sorted(WIDGETS))
def test_every_widget_offers_every_format_or_says_why_not(name: str) -> None:
    widget = WIDGETS[name]
    shown = menu(Placed(id="one", widget=name, settings=widget.example), sample(widget, SCOPE))
    if name == "picture":
        assert offered(shown) == ["pdf", "png"]
        why = "A picture has no rows for a spreadsheet."
        assert closed(shown) == [("Download CSV", why), ("Download Excel", why)]
    else:
        assert (offered(shown), closed(shown)) == (ALL, [])


def test_an_empty_widget_is_taken_away_like_any_other() -> None:
    placed = Placed(id="one", widget="kpi")
    drawn = draw(placed, SCOPE, dict.fromkeys(WIDGETS["kpi"].needs(WIDGETS["kpi"].settings(), SCOPE), None))
    assert drawn.state == "empty"
    assert offered(menu(placed, drawn)) == ALL


@pytest.mark.parametrize(
    ("failure", "why"),
    [
        (PermissionError("not now"), "Nothing to download. Not part of your role: Not now."),
        (ValueError("no such metric"), "Nothing to download. This cannot be answered: No such metric."),
    ],
)
def test_what_has_no_figures_says_so_in_the_place_of_its_downloads(failure: Exception, why: str) -> None:
    placed = Placed(id="one", widget="kpi")
    needs = WIDGETS["kpi"].needs(WIDGETS["kpi"].settings(), SCOPE)
    shown = menu(placed, draw(placed, SCOPE, dict.fromkeys(needs, failure)), editable=True)
    assert offered(shown) == []
    labels = ["Download CSV", "Download Excel", "Download PDF", "Download Picture (PNG)"]
    assert closed(shown) == [(label, why) for label in labels]
    assert "data-configure" in shown


@pytest.mark.parametrize(
    ("tables", "limits"),
    [
        ((table(3, 3),), {}),
        ((table(ON_PAPER, ON_PAPER),), {}),
        ((table(3, 3), table(1200, 1200)), {"pdf": "The first 500 of 1,200 rows"}),
        (
            (table(1000, 5000),),
            {
                "csv": "The first 1,000 of 5,000 rows",
                "xlsx": "The first 1,000 of 5,000 rows",
                "pdf": "The first 500 of 5,000 rows",
            },
        ),
        ((table(100, 120),), dict.fromkeys(["csv", "xlsx", "pdf"], "The first 100 of 120 rows")),
    ],
)
def test_a_format_that_does_not_hold_all_rows_says_of_how_many(
    tables: tuple[Table, ...], limits: dict[str, str]
) -> None:
    drawn = tabled(*tables)
    found = re.findall(
        r'data-export="([a-z]+)"[^>]*><span class="menu-name">[^<]*<span[^>]*>([^<]*)', menu(PLACED, drawn)
    )
    assert dict(found) == limits


def test_figures_that_were_kept_without_their_rows_still_say_how_many_there_are() -> None:
    figures = inside(tabled(table(1200, 1200)))
    kept = tabled(table(0, 1200))
    html = markup(frame(PLACED, kept, editable=False, figures=figures))
    assert "The first 500 of 1,200 rows" in html
