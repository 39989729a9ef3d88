"""From a widget on a board and its answers to what is shown: nothing that goes wrong leaves its own frame."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, cast

from dash import dcc
from dash.development.base_component import Component
from pydantic import ValidationError

from data.answers import Answer
from data.board_document import Placed as Placed
from data.metric_dimensions import DIMENSIONS
from data.metric_query import MetricQuery
from data.needs import EventList, LiveNight, Need, Notes
from data.noted import Noted
from data.plain_words import sentence, worded
from widgets.asking import Spanned, against, range_of, span_words
from widgets.figures import Figure
from widgets.left_out import other_currencies, with_note
from widgets.masking import Hidden, NotInLink, masked_all, without_money
from widgets.parts import panel
from widgets.registry import WIDGETS, get
from widgets.scope import Scope
from widgets.scope_words import of_its_own
from widgets.time_notes import notes_said, with_notes
from widgets.values import WORDS
from widgets.widget import Settings, Table, Widget, is_empty

State = Literal["drawn", "empty", "masked", "denied", "invalid", "unknown", "failed"]
NOTES = "notes"
"""The need of every figure over time, beside those of its widget."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A widget ready for its frame. `error` is empty when there are figures; `live` names the sections of the
    live state of `event` that go on moving it."""

    body: Component
    title: str
    sub: str
    summary: str
    tables: tuple[Table, ...] = ()
    live: tuple[str, ...] = ()
    error: str = ""
    state: State = "drawn"
    figure: Figure | None = None
    as_of: datetime | None = None
    zone: str = ""
    """Of its moment; empty where its venues have several."""
    event: str = ""
    night: Mapping[str, Any] | None = field(default=None, repr=False)
    """The live state it was drawn from."""
    own: tuple[tuple[str, str], ...] = ()
    """Range and comparison where they are not those of the board, as pairs of words."""


def read_settings(placed: Placed) -> tuple[Widget[Any], Settings]:
    """The widget and its checked settings. Raises KeyError for an unknown widget and pydantic's
    ValidationError for settings it does not take."""
    widget = get(placed.widget)
    try:
        return widget, widget.settings.model_validate(placed.settings)
    except UnicodeEncodeError:  # A complaint that quotes half a surrogate pair.
        raise ValidationError.from_exception_data(
            widget.name, [{"type": "string_unicode", "loc": (), "input": ""}]
        ) from None


def needs(placed: Placed, scope: Scope) -> dict[str, Need]:
    """What a widget asks for, by its own names; nothing when it cannot be drawn anyway."""
    try:
        widget, settings = read_settings(placed)
        wanted = dict(widget.needs(settings, scope))
        return wanted | _notes_of(widget, wanted)
    except Exception:  # Drawing it will say what is wrong.
        return {}


def _notes_of(widget: Widget[Any], wanted: Mapping[str, Need]) -> dict[str, Need]:
    """The notes of the time that a figure may show, asked for once for all questions about the same time."""
    for need in wanted.values() if widget.figure else ():
        if isinstance(need, LiveNight):
            return {NOTES: Notes(need)}
        if isinstance(need, MetricQuery) and any(_is_time(name) for name in need.dimensions):
            span = MetricQuery(
                metrics=("tickets_sold",), range=need.range, venues=need.venues, events=need.events
            )
            return {NOTES: Notes(span)}
    return {}


def _is_time(dimension: str) -> bool:
    return dimension == "days_to_doors" or (dimension in DIMENSIONS and DIMENSIONS[dimension].seconds > 0)


def draw(placed: Placed, scope: Scope, answers: Mapping[str, object]) -> Drawn:
    """The widget with these answers, by the names of its needs: an Answer, a live state, a list, or the
    exception that stands in its place. Never raises: what is wrong is drawn, and named in `error`."""
    try:
        widget, settings = read_settings(placed)
    except KeyError as unknown:
        text = str(unknown.args[0])
        return _instead("unknown", placed.title or placed.widget, "warn", "Unknown widget", sentence(text))
    except ValidationError as wrong:
        title = placed.title or get(placed.widget).label
        return _instead("invalid", title, "warn", "Check the settings", complaints(wrong, get(placed.widget)))
    title = placed.title or widget.label
    try:
        if widget.title and not placed.title:
            title = widget.title(settings, scope)
        return _draw(title, placed, widget, settings, scope, answers)
    except Hidden:
        return _hidden(title)
    except PermissionError as denied:
        return _failed(title, denied)
    except Exception as failure:
        log.exception("widget %s failed", placed.widget)
        return _instead("failed", title, "warn", "This widget failed", _named(failure))


def _draw(
    title: str,
    placed: Placed,
    widget: Widget[Any],
    settings: Settings,
    scope: Scope,
    given: Mapping[str, object],
) -> Drawn:
    wanted = widget.needs(settings, scope)
    missing = next((name for name in wanted if name not in given), None)
    failure = next((given[name] for name in wanted if isinstance(given.get(name), Exception)), None)
    if missing is not None:
        return _instead("failed", title, "warn", "No answer", f"Nothing came for “{missing}”.")
    if getattr(failure, "code", "") == "not-for-you":
        return _hidden(title)
    if failure is not None:
        return _failed(title, cast(Exception, failure))
    asked = [given[name] for name in wanted]
    if masked_all(asked, scope):
        return _hidden(title)
    answers = {name: without_money(given[name], scope) for name in wanted}
    own = of_its_own([need for name, need in wanted.items() if name not in widget.extras], scope)
    if wanted and _nothing(widget, wanted, answers):
        few = any(isinstance(answer, Answer) and answer.suppressed for answer in answers.values())
        headline, reason = _FEW if few else ("Nothing to show", _why_empty(widget, wanted, answers))
        empty = _instead("empty", title, "list", headline, reason, _span(settings, scope))
        return replace(_dated(empty, scope, list(answers.values())), own=own)
    common = _common(title, widget, settings, scope, list(answers.values()))
    notes = given.get(NOTES)
    noted = notes if isinstance(notes, list) else []
    figure = with_notes(widget.figure(settings, answers, scope), noted) if widget.figure else None
    tables = tuple(widget.tables(settings, answers, scope))
    others = () if widget.every_currency(settings) else list(answers.values())
    shown = other_currencies(others, tables, scope.currency)
    cut = widget.cut(settings, answers, scope) if widget.cut else ""
    said = [sentence(each) for each in (widget.summary(settings, answers, scope), cut, shown)]
    said += [sentence(notes_said(figure, noted))] if figure is not None else []
    return replace(
        common,
        body=with_note(_graphs(widget.body(settings, answers, scope), placed.id, noted), shown),
        sub=_joined([common.sub, cut]),
        summary=" ".join(each for each in said if each),
        tables=tables,
        figure=figure,
        own=own,
    )


def _common(
    title: str, widget: Widget[Any], settings: Settings, scope: Scope, answers: Sequence[object]
) -> Drawn:
    found = [answer for answer in answers if isinstance(answer, Answer)]
    night = next((a for a in answers if isinstance(a, dict) and "asOf" in a), None)
    common = Drawn(
        body=panel("list", "", ""),
        title=title,
        sub=_sub(widget, settings, scope, found, answers),
        summary="",
        live=widget.live if night is not None else (),
        event=str(night["eventId"]) if night else "",
        night=night,
    )
    return _dated(common, scope, answers)


def _dated(drawn: Drawn, scope: Scope, answers: Sequence[object]) -> Drawn:
    """The drawing with the moment (None where they have none) and the zone of its answers."""
    night = next((a for a in answers if isinstance(a, dict) and "asOf" in a), None)
    found = [answer for answer in answers if isinstance(answer, Answer)]
    zone = next((answer.zone for answer in found), night["event"]["zone"] if night else scope.zone)
    return replace(drawn, as_of=asked_at(answers, scope), zone=zone)


def asked_at(answers: Sequence[object], scope: Scope) -> datetime | None:
    """Until when the figures hold: the oldest answer of the catalogue, else the night's state, else what was
    read just now; None for a widget that asks nothing."""
    found = [answer.as_of for answer in answers if isinstance(answer, Answer)]
    found = found or [datetime.fromisoformat(str(a["asOf"])) for a in answers if isinstance(a, dict)]
    return min(found) if found else scope.now if answers else None


def again(drawn: Drawn, answers: Sequence[object], scope: Scope) -> Drawn:
    """The same drawing, of answers that say the same at this moment."""
    return drawn if drawn.as_of is None else replace(drawn, as_of=asked_at(answers, scope))


def _sub(
    widget: Widget[Any], settings: Settings, scope: Scope, found: Sequence[Answer], answers: Sequence[object]
) -> str:
    """Unit, range, comparison: what a reader needs to know about the figures before reading them."""
    own = (
        widget.sub(settings, dict(zip(widget.needs(settings, scope), answers, strict=True)), scope)
        if widget.sub
        else _unit(found)
    )
    words = [own] if own else []
    words += [_span(settings, scope), against(settings, scope)]
    if scope.masked and any(answer.masked for answer in found):
        words.append("amounts hidden")
    if any(answer.suppressed for answer in found):
        words.append("fewer than 5 people from one place are not told apart")
    cut = next((answer for answer in found if answer.truncated), None)
    if cut is not None:
        words.append(f"the first {len(cut.rows):,} of {cut.total_rows:,} rows")
    if scope.where is not None and of_whole_events(widget, widget.needs(settings, scope)):
        words.append("without the filters")
    return _joined(words)


def _joined(words: Sequence[str]) -> str:
    text = " · ".join(word for word in words if word)
    return text[:1].upper() + text[1:]


def of_whole_events(widget: Widget[Any], wanted: Mapping[str, Need]) -> list[str]:
    """The needs whose figures are of whole events, whatever part of them the board looks at."""
    figures = (name for name in wanted if name not in widget.extras)
    return [name for name in figures if isinstance(wanted[name], LiveNight | EventList)]


def through_link(placed: Placed, scope: Scope, answers: Mapping[str, object]) -> dict[str, object]:
    """The answers that a link shows: where its locked filters narrow, none that they do not."""
    if scope.where is None or placed.widget not in WIDGETS:
        return dict(answers)
    refusal = NotInLink("figures of whole events are not part of this link")
    return dict(answers) | dict.fromkeys(
        of_whole_events(WIDGETS[placed.widget], needs(placed, scope)), refusal
    )


def _span(settings: Settings, scope: Scope) -> str:
    return span_words(range_of(settings, scope)) if isinstance(settings, Spanned) else ""


def _unit(found: Sequence[Answer]) -> str:
    """The unit that all figures have in common, where it says something."""
    units = {column.unit for answer in found for column in answer.columns if column.kind == "metric"}
    unit = units.pop() if len(units) == 1 else None
    return WORDS.get(unit, "") if unit not in (None, "percent") else ""


def _nothing(widget: Widget[Any], wanted: Mapping[str, Need], answers: Mapping[str, object]) -> bool:
    """Whether every answer the widget cannot do without is empty."""
    if any(answers[name] is None for name, need in wanted.items() if isinstance(need, LiveNight)):
        return True
    telling = [answers[name] for name in wanted if name not in widget.extras]
    return bool(telling) and all(_hollow(answer, zeros=widget.zeros) for answer in telling)


def _hollow(answer: object, *, zeros: bool) -> bool:
    if isinstance(answer, Answer):
        if not zeros:
            return is_empty(answer)
        metrics = [i for i, column in enumerate(answer.columns) if column.kind == "metric"]
        return all(row[i] is None for row in answer.rows for i in metrics)
    return not answer


def _why_empty(widget: Widget[Any], wanted: Mapping[str, Need], answers: Mapping[str, object]) -> str:
    if any(answers[name] is None for name, need in wanted.items() if isinstance(need, LiveNight)):
        return "No event is on. The next one appears by itself."
    return widget.empty


_FEW = ("Too few people", "Figures of fewer than 5 people from one place are not told.")


def _hidden(title: str) -> Drawn:
    return _instead("masked", title, "lock", "Amounts are hidden", "Money is not part of this view.")


def _failed(title: str, failure: Exception) -> Drawn:
    if isinstance(failure, PermissionError):
        text = str(failure) or "Ask the owner of your organisation if you need these figures."
        headline = f"Not part of {'this link' if isinstance(failure, NotInLink) else 'your role'}"
        return _instead("denied", title, "lock", headline, sentence(text))
    if type(failure).__name__ == "DatabaseUnavailable":
        text = "The database does not answer. Nothing is lost; the figures come back by themselves."
        return _instead("failed", title, "warn", "Unavailable right now", text)
    return _instead("failed", title, "warn", "This cannot be answered", _named(failure))


def _named(failure: Exception) -> str:
    """What is wrong, for people: the message of an error of ours, else only its kind."""
    ours = type(failure).__module__.partition(".")[0] in ("data", "widgets")
    text = str(getattr(failure, "said", failure))
    return (
        sentence(text) if text and (ours or isinstance(failure, ValueError)) else f"{type(failure).__name__}."
    )


def _instead(state: State, title: str, sign: str, headline: str, text: str, sub: str = "") -> Drawn:
    """A designed state in place of figures."""
    tone = {"failed": "bad", "invalid": "bad", "unknown": "bad"}.get(state, "")
    said = f"{title}: {headline[:1].lower()}{headline[1:]}. {text}"
    error = "" if state == "empty" else f"{headline}: {text}"
    sub = sub[:1].upper() + sub[1:]
    return Drawn(panel(sign, headline, text, tone=tone), title, sub, said, error=error, state=state)


def complaints(wrong: ValidationError, widget: Widget[Any]) -> str:
    """What is wrong with settings, field by field, by the titles of the form."""
    lines = []
    for error in wrong.errors()[:3]:
        name = str(error["loc"][0]) if error["loc"] else ""
        found = next((f for key, f in widget.settings.model_fields.items() if name in (key, f.alias)), None)
        label = found.title if found is not None and found.title else f"“{name}”" if name else "Settings"
        lines.append(f"{label}: {worded(error)}")
    return sentence("; ".join(lines))


def _graphs(body: Component, placed: str, notes: Sequence[Noted]) -> Component:
    """The same body, its charts with their notes and known to the page by the widget's place."""
    graphs = [body] if isinstance(body, dcc.Graph) else []
    graphs += [node for node in body._traverse() if isinstance(node, dcc.Graph)]  # type: ignore[no-untyped-call]
    for index, graph in enumerate(graphs):
        setattr(graph, "id", {"t": "graph", "i": placed, "n": index})  # noqa: B010
        setattr(graph, "figure", with_notes(getattr(graph, "figure"), notes))  # noqa: B009, B010
    return body
