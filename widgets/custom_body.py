"""What a widget of one's own shows beside its chart: table, number, legend, and what it says."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from data.answers import Answer
from data.time_zones import OWN_ZONE
from widgets.answered import column, currencies, dimensions, has, in_currency, points
from widgets.asking import against
from widgets.chosen import dimension_label, metric_label
from widgets.curves import Curve, names
from widgets.custom_chart import COLOURS, MOST_LINES, figure_of, split, words_of
from widgets.format import NOTHING
from widgets.named import words_for
from widgets.parts import big_number, chart, delta, note, table
from widgets.scope import Scope
from widgets.time_zones import place_of, row_zones
from widgets.values import change, exactly, said
from widgets.widget import Answers, Settings

MOST_ROWS = 200


def body_of(
    kind: str, names_: Sequence[str], dims: Sequence[str], answers: Answers, scope: Scope, settings: Settings
) -> Component:
    """The chart, or the table, or the number."""
    answer: Answer = answers["figures"]
    kept = [name for name in names_ if has(answer, name)]
    if kind == "number":
        return _number(kept[0], answers, scope, settings)
    if kind == "table":
        return _table(dims, answers, scope)
    drawn = figure_of(kind, names_, dims, answers, scope)
    legend = None
    if kind == "stacked":
        legend = _legend(drawn["layout"]["meta"]["names"])
    elif kind == "line" and (len(dims) > 1 or len(kept) > 1):
        found = points(answer, kept[0], scope.currency)
        listed = (
            split(found, dims, answers)[1]
            if len(dims) > 1
            else [Curve(metric_label(n), "", []) for n in kept]
        )
        legend = names(listed[:MOST_LINES])
    cut = f"{len(answer.rows):,} of {answer.total_rows:,} rows" if answer.truncated else ""
    return chart(drawn, summary_of(names_, dims, answers, scope), legend, note(cut))


def _legend(texts: Sequence[str]) -> Component:
    keys = [
        html.Span(
            [
                html.I(className="key dot-key", style={"background": colour if place else "var(--accent)"}),
                text,
            ]
        )
        for place, (text, colour) in enumerate(zip(texts, COLOURS, strict=False))
    ]
    return html.Div(keys, className="legend small muted w-keys")


def _number(name: str, answers: Answers, scope: Scope, settings: Settings) -> Component:
    found = points(answers["figures"], name, scope.currency)
    unit, code = found.column.unit, found.currency
    value = found.values[0] if found.values else None
    before = found.before[0] if found.before else None
    chip = delta(change(value, before, unit), f"Before: {exactly(before, unit, code)}", more_is_good=None)
    versus = note(against(settings, scope)) if chip is not None else None
    return big_number(said(value, unit, code), exactly(value, unit, code), [chip, versus])


def _table(asked: Sequence[str], answers: Answers, scope: Scope) -> Component:
    answer: Answer = answers["figures"]
    named = "currency" in asked
    if not named:
        answer = in_currency(answer, scope.currency)[0]
    words, shown = words_of(answers), answer.rows[:MOST_ROWS]
    dims = dimensions(answer)
    measures = [each for each in answer.columns if each.kind in ("metric", "compared")]
    places = [each.name for each in answer.columns]
    currency = places.index("currency") if "currency" in places else None
    headings = [(each.label, "") for each in dims] + [("Currency", "")] * named
    headings += [(each.label, "right") for each in measures]
    zones = row_zones(answer)[: len(shown)]
    zone_at = place_of(dims, zones)
    if zone_at is not None:
        headings.insert(zone_at, (OWN_ZONE.label, ""))
    rows = []
    for index, row in enumerate(shown):
        code = str(row[currency] or scope.currency) if currency is not None else scope.currency
        if zones:
            words = [words_for(each, answers, zones[index]) for each in dims]
        cells = [word(row[places.index(each.name)]) for word, each in zip(words, dims, strict=True)]
        if zone_at is not None:
            cells.insert(zone_at, zones[index])
        cells += [str(row[currency] or NOTHING)] if currency is not None and named else []
        cells += [said(row[places.index(each.name)], each.unit, code) for each in measures]
        rows.append(cells)
    more = [f"{len(shown)} of {answer.total_rows:,} rows"] if answer.total_rows > len(shown) else []
    return html.Div([table(headings, rows, "Figures"), note(" · ".join(more))], className="w-fill")


def summary_of(names_: Sequence[str], dims: Sequence[str], answers: Answers, scope: Scope) -> str:
    """What is shown, and where the first metric is highest."""
    answer: Answer = answers["figures"]
    kept = [name for name in names_ if has(answer, name)]
    what = " and ".join(column(answer, name).label for name in kept)
    if not dims:
        found = [points(answer, name, scope.currency) for name in kept]
        return ", ".join(
            f"{line.column.label}: {exactly(line.values[0], line.column.unit, line.currency)}"
            for line in found
        )
    found_ = points(answer, kept[0], scope.currency)
    known = [(key, value) for key, value in zip(found_.keys, found_.values, strict=True) if value is not None]
    by = " and ".join(dimension_label(each).lower() for each in dims)
    if not known:
        return f"{what} by {by}: nothing is known"
    key, value = max(known, key=lambda each: each[1])
    place = ", ".join(word(part) for word, part in zip(words_of(answers), key, strict=True))
    most = exactly(value, found_.column.unit, found_.currency)
    return (
        f"{what} by {by}: most {place} with {most}"
        if place
        else f"{what} by {by}: {_in_each(answer, kept[0])}"
    )


def _in_each(answer: Answer, name: str) -> str:
    """By nothing but the currency, which is no part of a key: a value for each."""
    found = [points(in_currency(answer, code)[0], name, code) for code in currencies(answer)]
    told = zip(currencies(answer), found, strict=True)
    return ", ".join(
        f"{code} {exactly(line.values[0], line.column.unit, line.currency)}" for code, line in told
    )
