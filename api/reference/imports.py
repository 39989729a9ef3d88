"""Imports of spreadsheets."""

from api import competitors, imports
from api.imports import NewLayout
from api.reference.operation import CURSOR, LIMIT, TEXT, Codes, Content, Operation, Parameter, Subject
from api.reference.problems import NOT_VALID, joined
from api.shapes.running import ShownCompetitorEvents, ShownImport, ShownImports

_ONE = f"{imports.PATH}/<uuid:import_id>"
_MOMENT = {"type": "string", "format": "date-time"}
_NONE: Codes = {404: ("import-not-found",)}
_BUSY: Codes = {409: ("not-now",)}
_UNREADABLE: Codes = {
    422: (
        "broken-file",
        "cell-too-long",
        "no-rows",
        "no-sheet",
        "not-decodable",
        "too-large",
        "too-many-columns",
        "unknown-format",
    )
}
_LAYOUT: Codes = {
    422: ("contradiction", "missing-field", "not-a-choice", "number-out-of-range", "text-too-long")
}

_CONFIRMED = {
    "dates": "day-first",
    "columns": {"Event": "event_id", "Sold at": "purchased_at", "Price": "amount"},
}


def _step(name: str, operation: str, summary: str, text: str = "", layout: bool = False) -> Operation:
    return Operation(
        "POST",
        f"{_ONE}/{name}",
        operation,
        summary,
        {202: ShownImport},
        text,
        problems=joined(_NONE, _BUSY, _LAYOUT if layout else {}),
    )


IMPORTS = Subject(
    "Imports",
    "Spreadsheets of events, sales, scans and competitors' events. A token sees the imports that it made.",
    "imports",
    (
        Operation(
            "POST",
            imports.PATH,
            "uploadImport",
            "Upload a file",
            {201: ShownImport},
            "Nothing is written yet: the answer says how the file would be read, and in `layout.unsure` what"
            " it does not tell. A file has at most 512 MB, in a signed request 16.",
            body=Content({"text/csv": None, "application/octet-stream": None}),
            examples=("Event,Sold at,Amount",),
            parameters=(
                Parameter(
                    "kind",
                    {"enum": ["events", "sales", "scans", "competitors"]},
                    "What its rows are.",
                    required=True,
                ),
                Parameter("source", TEXT, "Where it comes from, e.g. box-office.", required=True),
                Parameter("name", TEXT, "The name of the file."),
            ),
            problems=joined(
                _UNREADABLE,
                {422: ("missing-field", "not-a-choice")},
                {400: ("incomplete-body",), 413: ("body-too-large",), 429: ("too-many-imports",)},
            ),
            headers={201: ("Location",), 429: ("Retry-After",)},
        ),
        Operation(
            "GET",
            imports.PATH,
            "listImports",
            "Imports",
            {200: ShownImports},
            parameters=(LIMIT, CURSOR),
            problems=NOT_VALID,
        ),
        Operation("GET", _ONE, "getImport", "One import", {200: ShownImport}, problems=_NONE),
        Operation(
            "DELETE",
            _ONE,
            "removeImport",
            "Remove an import from the list, and its file",
            {204: None},
            "What it wrote stays, and cannot be undone any more.",
            problems=joined(_NONE, _BUSY),
        ),
        Operation(
            "PUT",
            f"{_ONE}/layout",
            "confirmImport",
            "Confirm how the file is read",
            {200: ShownImport},
            "It is remembered for the next file of this source and kind.",
            body=NewLayout,
            examples=(_CONFIRMED,),
            problems=joined(_NONE, _BUSY, _UNREADABLE, _LAYOUT),
        ),
        _step("check", "checkImport", "Check every row and write none", layout=True),
        _step("run", "runImport", "Write the rows", "After a check; it goes on where it stopped.", True),
        _step("cancel", "cancelImport", "Stop a check or an import", "What was written stays."),
        _step("undo", "undoImport", "Take back all that it wrote"),
        Operation(
            "GET",
            f"{_ONE}/errors",
            "getImportErrors",
            "Rows that are refused, as CSV",
            {200: Content({"text/csv": None})},
            problems=_NONE,
        ),
        Operation(
            "GET",
            competitors.PATH,
            "listCompetitorEvents",
            "Competitors' events that files state",
            {200: ShownCompetitorEvents},
            rule="competitors",
            parameters=(
                Parameter("from", _MOMENT, "The first moment at which one starts; yesterday."),
                Parameter("to", _MOMENT, "The moment before which they start; a year later."),
                Parameter(
                    "limit",
                    {"type": "integer", "minimum": 1, "maximum": competitors.MOST},
                    f"How many at most; {competitors.USUAL} when not said.",
                ),
            ),
            problems=NOT_VALID,
        ),
    ),
)
