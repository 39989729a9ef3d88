"""Answers of the metric catalogue, rows behind figures, and widgets."""

from typing import Any, Literal, NotRequired, TypedDict

from api.shapes.values import Cursor, Id, Moment
from data.answers import Column
from data.metrics import Additivity

Value = str | int | float | bool | None


class QueryPlan(TypedDict):
    """One statement behind an answer: which table answers what, and why that one."""

    table: str
    measures: list[str]
    start: Moment | None
    end: Moment | None
    pieces: int
    compared: bool
    reason: str


class QueryAnswer(TypedDict):
    """Rows in the order asked for, their values in the order of `columns`."""

    columns: list[Column]
    rows: list[list[Value]]
    totalRows: int
    truncated: bool
    asOf: Moment
    zone: str
    start: Moment | None
    end: Moment | None
    sources: list[str]
    masked: list[str]
    suppressed: bool
    names: dict[str, dict[str, str]]
    explain: NotRequired[list[QueryPlan]]


class QueryAnswers(TypedDict):
    """The answers of several questions, in their order."""

    answers: list[QueryAnswer]


class CatalogueMetric(TypedDict):
    """A metric: what it is, and what it can be split by."""

    name: str
    label: str
    unit: str
    group: str
    description: str
    additivity: Additivity
    money: bool
    dimensions: list[str]
    grains: list[str]


class CatalogueDimension(TypedDict):
    """What metrics are split and filtered by."""

    name: str
    label: str
    kind: str
    description: str


class Catalogue(TypedDict):
    """Every metric and every dimension."""

    metrics: list[CatalogueMetric]
    dimensions: list[CatalogueDimension]


class RowsPage(TypedDict):
    """Lines of sales or scans, the newest first. People and tickets have names of the day only. `exponents`
    are the decimal places of the currencies in the rows."""

    kind: Literal["sales", "scans"]
    columns: list[Column]
    rows: list[list[Value]]
    zone: str
    exponents: dict[str, int]
    masked: list[str]
    nextCursor: Cursor


class Size(TypedDict):
    """Columns of 12, and rows."""

    w: int
    h: int


class CatalogueWidget(TypedDict):
    """A widget; `settings` is the JSON Schema of what it can be set to."""

    name: str
    label: str
    group: str
    groupLabel: str
    description: str
    icon: str
    size: Size
    smallest: Size
    live: bool
    settings: dict[str, Any]
    example: dict[str, Any]


class ChoiceOfMetric(TypedDict):
    """A metric that settings can choose."""

    name: str
    label: str
    group: str
    unit: str
    description: str
    dimensions: list[str]


class ChoiceOfDimension(TypedDict):
    """A dimension that settings can choose."""

    name: str
    label: str
    description: str


class Widgets(TypedDict):
    """All widgets, and what their settings choose from."""

    widgets: list[CatalogueWidget]
    metrics: list[ChoiceOfMetric]
    dimensions: list[ChoiceOfDimension]


class FigureTable(TypedDict):
    """Figures as rows: money in minor units with a column `currency` beside it. `zone` is that of their
    times, empty where the venues have several: then a row of one venue has its own, in `time_zone`."""

    title: str
    zone: str
    columns: list[Column]
    rows: list[list[Value]]
    totalRows: int


class WidgetFigures(TypedDict):
    """What a widget shows: in words and as tables. `zone` is empty where its venues have several."""

    widget: str
    state: Literal["drawn", "empty"]
    title: str
    sub: str
    summary: str
    asOf: Moment | None
    zone: str
    tables: list[FigureTable]


class Annotation(TypedDict):
    """A note on the time axis, at an event or at a venue as a whole."""

    id: Id
    venueId: Id
    eventId: Id | None
    at: Moment
    text: str
    author: "Author"
    createdAt: Moment


class Author(TypedDict):
    """Who wrote a note."""

    id: Id
    name: str


class Annotations(TypedDict):
    """The last notes, in the order of their moments; the next page has those before them."""

    annotations: list[Annotation]
    nextCursor: Cursor
