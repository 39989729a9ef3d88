"""What an order of an export amounts to: read, drawn as the board draws it, ready to be written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from data import dashboards, needs, query
from data.access import Access
from data.answers import Answer
from data.board_document import BoardDocument, Placed
from data.currencies import EXPONENTS
from data.directory import Directory, Venue
from data.drilldown import Drill
from data.drilldown_flow import flow
from data.engine import TenantConnection
from data.export_privacy import renaming, without_customers
from data.export_request import ExportRequest
from data.metric_query import All, Filter, In, MetricQuery, Range, Within
from exports.compose import parts_of
from exports.document import Document, Part, overlaid
from widgets import draw, scope_words
from widgets.board_layout import settled
from widgets.figures_pages import EXPORTED
from widgets.named import value_words
from widgets.scope import Scope
from widgets.scope_url import Look, read


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
        """A board, or the one widget of it that is wanted, in the light of the filters of `what`."""
        look = read(what.filters, base=board.filters)[0]
        scope = self._scope(look)
        chosen = [placed for placed in board.widgets if what.placed in (None, placed.id)]
        chosen.sort(key=lambda placed: (placed.y, placed.x))
        parts: list[Part] = []
        moments = []
        for placed, drawn in zip(chosen, self._drawn(chosen, scope), strict=True):
            parts += parts_of(placed.id, drawn, (placed.x, placed.y, placed.w, placed.h))
            moments += [drawn.as_of] if drawn.as_of else []
        filters = self._filters(look, scope)
        alone = len(chosen) == 1 and (what.placed is not None or what.widget is not None)
        if alone and what.placed is not None:
            filters = (("Dashboard", title), *filters)
        filters = overlaid(filters, parts[0].own) if alone else filters
        title = parts[0].title if alone else title or "Widgets"
        return self._document(title, filters, parts, scope, min(moments, default=self.now))

    def _drawn(self, chosen: Iterable[Placed], scope: Scope) -> list[draw.Drawn]:
        """Every widget with its answers, all asked for in one go."""
        wanted = [(placed, draw.needs(placed, scope)) for placed in chosen]
        asked = [need for _, own in wanted for need in own.values()]
        answers = iter(needs.answer(self.tenant, self.access, asked, self.now))
        rename = renaming(self.tenant, self.now)
        found = []
        for placed, own in wanted:
            mine: dict[str, object] = {name: _renamed(next(answers), rename) for name in own}
            if self.access.linked:
                mine = draw.through_link(placed, scope, mine)
            found.append(draw.draw(placed, scope, mine))
        return found

    def _query(self, what: ExportRequest, asked: MetricQuery) -> Document:
        answer = query.run(self.tenant, self.access, [asked], self.now)[0]
        answer = without_customers(answer, renaming(self.tenant, self.now))
        names = self.directory.venues(self.tenant.tenant_id)
        scope = _placed_scope(None, names, Scope(now=self.now, masked=self.access.masked))
        rows = [_named(row, answer) for row in answer.rows]
        part = Part(
            what.title or "Query",
            answer.columns,
            rows,
            len(rows),
            max(answer.total_rows, len(rows)),
            answer.zone,
        )
        filters = (("Range", scope_words.range_words(asked.range, answer.zone or "UTC")),)
        return self._document(part.title, filters, [part], scope, answer.as_of)

    def _facts(self, what: ExportRequest) -> Document:
        look = read(what.filters)[0]
        asked = what.rows
        if asked is None:
            assert what.table is not None
            scope = self._scope(look)
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
                picked=tuple(picked(asked.where)),
            )
            scope = self._scope(look)
        found = flow(self.tenant, self.directory, self.access, asked, self.now)
        title = what.title or found.title
        part = Part(title, found.columns, found.rows, found.count, found.count, scope.zone)
        return self._document(title, self._filters(look, scope), [part], scope, self.now)

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
        venues = self.directory.venues(self.tenant.tenant_id)
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

    def _event_venue(self, event: UUID | None) -> UUID | None:
        found = self.directory.event(self.tenant.tenant_id, str(event)) if event else None
        return found.venue_id if found else None

    def _filters(self, look: Look, scope: Scope) -> tuple[tuple[str, str], ...]:
        """The bar above the board in words."""
        tenant_id, found = self.tenant.tenant_id, list[tuple[str, str]]()
        if look.venue is not None:
            venue = self.directory.venue(tenant_id, str(look.venue))
            found.append(("Venue", venue.name if venue else "not there"))
        if look.event is not None:
            event = self.directory.event(tenant_id, str(look.event))
            found.append(("Event", event.name if event else "not there"))
        found.append(("Range", scope_words.range_words(scope.range, scope.zone)))
        if look.compare is not None:
            found.append(("Compared with", scope_words.COMPARISONS[look.compare]))
        elif look.compare_event is not None:
            other = self.directory.event(tenant_id, str(look.compare_event))
            found.append(("Compared with", other.name if other else "another event"))
        for dimension, values in look.picked:
            names = self.directory.called(self.access, dimension, values)
            words = ", ".join(value_words(dimension, value, names) for value in values)
            found.append((scope_words.dimension_words(dimension), words))
        return tuple(found)


def _placed_scope(venue_id: UUID | None, venues: Iterable[Venue], scope: Scope) -> Scope:
    """The scope in the zone and currency of its venue, else of all venues if they have one in common."""
    known = list(venues)
    place = next((venue for venue in known if venue.venue_id == venue_id), None)
    if place is not None:
        return replace(scope, zone=place.zone.key, currency=place.currency)
    zones = {venue.zone.key for venue in known}
    zone = zones.pop() if len(zones) == 1 else "UTC"
    return replace(scope, zone=zone, currency=known[0].currency if known else scope.currency)


def picked(where: Filter | None) -> Iterator[tuple[str, tuple[str, ...]]]:
    """A condition as words for each dimension."""
    if isinstance(where, In):
        yield where.dimension, where.values
    elif isinstance(where, Within):
        edges = [f"from {where.at_least:g}"] if where.at_least is not None else []
        edges += [f"below {where.below:g}"] if where.below is not None else []
        yield where.dimension, (" ".join(edges),)
    elif where is not None:
        joined = list(where.all if isinstance(where, All) else where.any)
        if isinstance(where, All):
            for part in joined:
                yield from picked(part)
        else:
            words = [f"{name}: {', '.join(values)}" for part in joined for name, values in picked(part)]
            yield "any of", tuple(words)


def _renamed(answer: object, rename: Any) -> object:
    return without_customers(answer, rename) if isinstance(answer, Answer) else answer


def _named(row: tuple[Any, ...], answer: Answer) -> tuple[Any, ...]:
    """A row with names in place of ids."""
    names: Mapping[str, Mapping[str, str]] = answer.names
    return tuple(
        names.get(column.name, {}).get(str(value), value)
        for value, column in zip(row, answer.columns, strict=True)
    )
