"""What an order of an export amounts to: read, drawn as the board draws it, ready to be written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from data import dashboards, needs, query
from data.access import Access
from data.board_document import BoardDocument, Placed
from data.board_layout import settled
from data.currencies import EXPONENTS
from data.directory import Directory, Venue
from data.drilldown_flow import flow
from data.drilldown_question import Drill
from data.engine import TenantConnection
from data.export_privacy import leaving
from data.export_request import ExportRequest
from data.metric_dimensions import DIMENSIONS
from data.metric_query import MetricQuery, Range
from data.time_zones import zone_and_currency
from exports.compose import parts_of
from exports.document import Document, Part, overlaid
from widgets import draw
from widgets.cross_filter import scope_for, unfiltered
from widgets.figures_pages import EXPORTED
from widgets.look_words import Pairs, look_words, question_words
from widgets.scope import Scope
from widgets.scope_url import Look, read
from widgets.tables import from_answer
from widgets.widget import Table


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose eyes read what, at which moment, in a transaction whose tables stand still."""

    tenant: TenantConnection
    access: Access
    directory: Directory
    organisation: str
    now: datetime

    def document(self, what: ExportRequest) -> Document:
        """The whole export; rows of facts flow as they are written. Raises BoardNotFound, NotAllowed,
        QueryError, DatabaseUnavailable."""
        if what.dashboard is not None:
            found = dashboards.get(self.tenant, self.access, what.dashboard)
            return self.board(what, found.name, found.document)
        if what.query is not None:
            return self._query(what, what.query)
        if what.table is not None or what.rows is not None:
            return self._facts(what)
        if what.page is not None:
            page = EXPORTED[what.page]
            document = BoardDocument(widgets=settled(page.widgets), filters=dict(page.base))
            return self.board(what, page.title, document)
        placed = what.widgets
        if what.widget is not None:
            placed = (
                Placed(id="widget", widget=what.widget, title=what.title, settings=what.settings, w=12),
            )
        return self.board(what, what.title, BoardDocument(widgets=placed))

    def board(self, what: ExportRequest, title: str, board: BoardDocument) -> Document:
        """A board, or the one widget of it that is wanted, in the light of the filters of `what`, and as on
        the screen: what was clicked in a widget filters the others. What a link locks filters all."""
        look = read(what.filters, base=board.filters, by_dimension=True)[0]
        scope = self._scope(look)
        chosen = [placed for placed in board.widgets if what.placed in (None, placed.id)]
        chosen.sort(key=lambda placed: (placed.y, placed.x))
        parts: list[Part] = []
        moments = []
        shown = what.dashboard is not None or what.page is not None
        picked = [name for name, _ in look.picked] if shown and not self.access.linked else []
        scopes = [scope_for(placed, scope, picked) for placed in chosen]
        for placed, drawn in zip(chosen, self._drawn(chosen, scopes), strict=True):
            whole = [(DIMENSIONS[name].label, "all") for name in unfiltered(placed, scope, picked)]
            own = parts_of(placed.id, drawn, (placed.x, placed.y, placed.w, placed.h))
            parts += [replace(part, own=(*part.own, *sorted(whole))) for part in own]
            moments += [drawn.as_of] if drawn.as_of else []
        filters = self._filters(look, scope)
        alone = len(chosen) == 1 and (what.placed is not None or what.widget is not None)
        if alone and what.placed is not None:
            filters = (("Dashboard", title), *filters)
        filters = overlaid(filters, parts[0].own) if alone else filters
        title = parts[0].title if alone else title or "Widgets"
        return self._document(title, filters, parts, scope, min(moments, default=self.now))

    def _drawn(self, chosen: Iterable[Placed], scopes: Iterable[Scope]) -> list[draw.Drawn]:
        """Every widget with its answers, all asked for in one go."""
        wanted = [
            (placed, scope, draw.needs(placed, scope)) for placed, scope in zip(chosen, scopes, strict=True)
        ]
        asked = [need for _, _, own in wanted for need in own.values()]
        answers = iter(needs.answer(self.tenant, self.access, asked, self.now))
        found = []
        for placed, scope, own in wanted:
            mine: dict[str, object] = {name: next(answers) for name in own}
            if self.access.linked:
                mine = draw.through_link(placed, scope, mine)
            found.append(draw.draw(placed, scope, mine))
        return found

    def _query(self, what: ExportRequest, asked: MetricQuery) -> Document:
        [answer] = leaving(self.tenant, query.run(self.tenant, self.access, [asked], self.now), self.now)
        scope = Scope(now=self.now, masked=self.access.masked)
        venue = asked.venues[0] if len(asked.venues) == 1 else None
        scope = replace(_placed_scope(venue, self._venues(), scope), zone=answer.zone)
        table = from_answer(answer, what.title or "Query")
        rows = [_named(row, table, answer.names) for row in table.rows]
        total = max(table.total_rows, len(rows))
        part = Part(table.title, table.columns, rows, len(rows), total, table.zone)
        filters = _joined(question_words(asked, self.directory, self.access, answer.zone))
        return self._document(part.title, filters, [part], scope, answer.as_of)

    def _facts(self, what: ExportRequest) -> Document:
        look = read(what.filters)[0]
        asked = what.rows
        if asked is None:
            assert what.table is not None
            scope = self._scope(look)
            filters = self._filters(look, scope)
            asked = Drill(
                kind=what.table,
                range=scope.range,
                venues=(scope.venue,) if scope.venue else (),
                events=(scope.event,) if scope.event else (),
                where=scope.where,
            )
        else:
            # Its own question wins over the bar; of the bar it has one venue and one event at most.
            look = Look(
                venue=asked.venues[0] if len(asked.venues) == 1 else None,
                event=asked.events[0] if len(asked.events) == 1 else None,
                range=asked.range,
            )
            scope = self._scope(look)
            filters = _joined(question_words(asked, self.directory, self.access, scope.zone))
        found = flow(self.tenant, self.directory, self.access, asked, self.now)
        title = what.title or found.title
        part = Part(title, found.columns, found.rows, found.count, found.count, found.zone or None)
        scope = replace(scope, zone=found.zone or scope.zone)
        return self._document(title, filters, [part], scope, self.now)

    def _document(
        self,
        title: str,
        filters: tuple[tuple[str, str], ...],
        parts: list[Part],
        scope: Scope,
        as_of: datetime,
    ) -> Document:
        hidden = (("Amounts", "hidden from you"),) if self.access.masked else ()
        return Document(
            title,
            as_of,
            scope.zone,
            scope.currency,
            self.organisation,
            (*filters, *hidden),
            parts,
            EXPONENTS,
        )

    def _scope(self, look: Look) -> Scope:
        """What the look means here; a venue or event of somebody else is not there."""
        venues = self._venues()
        event = self._event_venue(look.event)
        usual: Range = look.range or Scope(now=self.now).range
        scope = Scope(
            now=self.now,
            venue=look.venue,
            event=look.event,
            range=usual,
            compare=look.compare,
            compare_event=look.compare_event,
            where=look.where(),
            masked=self.access.masked,
        )
        return _placed_scope(event or look.venue, venues, scope)

    def _venues(self) -> tuple[Venue, ...]:
        """Those that may be seen."""
        venues = self.directory.venues(self.tenant.tenant_id)
        return tuple(venue for venue in venues if self.access.sees_venue(venue.venue_id))

    def _event_venue(self, event: UUID | None) -> UUID | None:
        found = self.directory.event(self.tenant.tenant_id, str(event)) if event else None
        return found.venue_id if found else None

    def _filters(self, look: Look, scope: Scope) -> tuple[tuple[str, str], ...]:
        """The bar above the board in words."""
        told = look_words(replace(look, range=scope.range), self.directory, self.access, scope.zone)
        return _joined(told)


def _joined(told: Pairs) -> tuple[tuple[str, str], ...]:
    return tuple((name, ", ".join(values)) for name, values in told)


def _placed_scope(venue_id: UUID | None, venues: Iterable[Venue], scope: Scope) -> Scope:
    """The scope by the clock and in the money of its venue, else of all."""
    zone, currency = zone_and_currency(venues, venue_id)
    return replace(scope, zone=zone, currency=currency)


def _named(row: tuple[Any, ...], table: Table, names: Mapping[str, Mapping[str, str]]) -> tuple[Any, ...]:
    """A row with names in place of ids."""
    return tuple(
        names.get(column.name, {}).get(str(value), value)
        for value, column in zip(row, table.columns, strict=True)
    )
