"""Figures: questions to the metric catalogue, the rows behind them, and widgets."""

from pydantic import Field

from api import rows, widgets
from api.queries import MOST_QUERIES
from api.reference.operation import TEXT, Codes, Operation, Parameter, Subject
from api.reference.problems import NOT_VALID, QUESTION, joined
from api.shapes.figures import Catalogue, QueryAnswer, QueryAnswers, RowsPage, WidgetFigures, Widgets
from data.drilldown_question import Drill
from data.metric_query import Frozen, MetricQuery
from widgets.scope_url import NAMES


class ExplainedQuestion(MetricQuery):
    """A question; `explain` tells which tables answer it."""

    explain: bool = False


class Questions(Frozen):
    """Several questions at once, over the same moment."""

    queries: tuple[MetricQuery, ...] = Field(min_length=1, max_length=MOST_QUERIES)
    explain: bool = False


_V1 = "/api/v1/analytics"
_LOOK = {
    "venue": "The id of a venue.",
    "event": "The id of an event.",
    "range": "As a dashboard's address says it: 30d, 12w, today, this_month, 2026-05-01~2026-05-31.",
    "compare": "previous_period, last_week, last_year, or the id of an event.",
}
_UNKNOWN_WIDGET: Codes = {404: ("widget-not-found",)}

QUESTIONS = Subject(
    "Questions",
    "Metrics by dimensions over a range, from one catalogue.",
    "queries",
    (
        Operation(
            "POST",
            f"{_V1}/query",
            "query",
            "Ask the catalogue",
            {200: (QueryAnswer, QueryAnswers)},
            "It only reads; a question is too long for an address.",
            body=(ExplainedQuestion, Questions),
            examples=(
                {"metrics": ["net_revenue", "tickets_sold"], "dimensions": ["day"], "range": {"last": 7}},
                {"queries": [{"metrics": ["tickets_sold"], "range": {"named": "today"}}], "explain": True},
            ),
            problems=QUESTION,
            aliases=("/api/analytics/query",),
        ),
        Operation(
            "GET",
            f"{_V1}/metrics",
            "listMetrics",
            "The catalogue of metrics and dimensions",
            {200: Catalogue},
            aliases=("/api/analytics/metrics",),
        ),
    ),
)

ROWS = Subject(
    "Rows",
    "The single sales and scans behind a figure.",
    "rows",
    (
        Operation(
            "POST",
            rows.PATH,
            "listRows",
            "Lines of sales or scans, the newest first",
            {200: RowsPage},
            "It only reads. With `metrics` the rows that change one of them. The next page is asked for with"
            " `after`: the `nextCursor` of this one.",
            body=Drill,
            examples=(
                {"kind": "sales", "range": {"last": 7}, "metrics": ["refunded"], "limit": 20},
                {"kind": "scans"},
            ),
            problems=QUESTION,
        ),
    ),
)

WIDGETS = Subject(
    "Widgets",
    "Which widgets there are, and the figures of one.",
    "widgets",
    (
        Operation(
            "GET", widgets.PATH, "listWidgets", "All widgets and what they can be set to", {200: Widgets}
        ),
        Operation(
            "GET",
            f"{widgets.PATH}/<name>",
            "getWidget",
            "The figures of a widget",
            {200: WidgetFigures},
            "Filters are parameters, too: `f.channel=web`.",
            parameters=(
                Parameter("name", TEXT, "The widget, as the list names it.", "path", True),
                Parameter("settings", TEXT, "What it is set to, as a JSON object."),
                *(
                    Parameter(name, TEXT, _LOOK.get(name, "As a dashboard's address says it."))
                    for name in sorted(NAMES)
                ),
            ),
            problems=joined(
                _UNKNOWN_WIDGET,
                NOT_VALID,
                QUESTION,
                {400: ("not-json", "too-deep", "duplicate-field"), 422: ("wrong-type",)},
            ),
        ),
        Operation(
            "POST",
            f"{widgets.PATH}/<name>",
            "askWidget",
            "The figures of a widget, asked with a body",
            {200: WidgetFigures},
            body=widgets.Question,
            body_needed=False,
            examples=({"settings": {"metric": "tickets_sold"}, "look": {"range": "30d"}},),
            parameters=(Parameter("name", TEXT, "The widget, as the list names it.", "path", True),),
            problems=joined(_UNKNOWN_WIDGET, QUESTION),
        ),
        Operation(
            "POST",
            f"{widgets.PATH}/<name>/check",
            "checkWidget",
            "Whether a widget takes these settings",
            {204: None},
            body=widgets.Question,
            body_needed=False,
            examples=({"settings": {"metric": "tickets_sold"}},),
            parameters=(Parameter("name", TEXT, "The widget, as the list names it.", "path", True),),
            problems=_UNKNOWN_WIDGET,
        ),
    ),
)
