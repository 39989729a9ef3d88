"""Exports, messages that came in, and whether the process works."""

from typing import Literal, NotRequired, TypedDict

from api.shapes.values import Cursor, Id, Minor, Moment
from data.export_request import Format
from data.exports import Status
from data.imports import Kind as ImportKind
from data.imports import Status as ImportStatus
from ingest.refusal import Code


class ShownExport(TypedDict):
    """An export; `progress` is 0 to 1, null while nobody knows how much there is."""

    id: Id
    format: Format
    status: Status
    fileName: str
    rowsDone: int
    rowsTotal: int | None
    progress: float | None
    bytes: int | None
    error: str | None
    createdAt: Moment
    startedAt: Moment | None
    finishedAt: Moment | None
    expiresAt: Moment
    file: str | None


class ShownExports(TypedDict):
    """A page of exports, the newest first."""

    exports: list[ShownExport]
    nextCursor: Cursor


class Accepted(TypedDict):
    """What became of a message; `id` is the sender's own, else the key under which it is known."""

    status: Literal["accepted", "duplicate"]
    id: str


class VerdictOnMessage(TypedDict):
    """What became of one message of a batch."""

    index: int
    status: Literal["accepted", "duplicate", "rejected"]
    id: NotRequired[str]
    code: NotRequired[Code]
    field: NotRequired[str]
    value: NotRequired[str]
    detail: NotRequired[str]


class BatchSummary(TypedDict):
    """What became of a batch: the good messages are kept, whatever becomes of the others."""

    accepted: int
    duplicates: int
    rejected: int
    verdicts: list[VerdictOnMessage]


class CallsSummary(TypedDict):
    """What became of a batch of Segment's calls; `verdicts` are those that were refused, with the reason.
    Pages are not told what is a duplicate."""

    success: Literal[True]
    accepted: int
    duplicates: NotRequired[int]
    rejected: int
    ignored: int
    verdicts: list[VerdictOnMessage]


class PartHealth(TypedDict):
    """One part of the process."""

    status: Literal["ok", "away", "full"]
    latencyMs: NotRequired[float]
    open: NotRequired[int]


class Checks(TypedDict):
    """The parts of the process."""

    postgresql: PartHealth
    redis: PartHealth
    sockets: PartHealth


class Health(TypedDict):
    """Whether the parts work."""

    status: Literal["ok", "degraded", "down"]
    checks: Checks


class SocketHealth(TypedDict):
    """Whether sockets work, and how many are open."""

    status: Literal["ok", "away", "full"]
    open: int


class Alive(TypedDict):
    """The process answers."""

    status: Literal["alive"]


class Ready(TypedDict):
    """Whether PostgreSQL answers."""

    status: Literal["ready", "not ready"]


class ShownCompetitorEvent(TypedDict):
    """An event of somebody else in the market of a venue, as the latest file of its source states it."""

    id: Id
    venueId: Id
    source: str
    name: str
    place: str | None
    city: str | None
    startsAt: Moment
    endsAt: Moment | None
    capacity: int | None
    priceFromMinor: Minor | None
    priceToMinor: Minor | None
    currency: str
    genre: str | None


class ShownCompetitorEvents(TypedDict):
    """Competitors' events, the soonest first."""

    competitorEvents: list[ShownCompetitorEvent]


class ShownLayout(TypedDict):
    """How a file is read; `unsure` is what has to be confirmed first."""

    format: Literal["csv", "xlsx"]
    encoding: str
    delimiter: str
    sheet: str | None
    header: int
    decimal: Literal["point", "comma"]
    dates: Literal["iso", "day-first", "month-first", "serial"]
    columns: dict[str, str]
    constants: dict[str, str]
    unsure: list[Literal["encoding", "delimiter", "decimal", "dates"]]


class ShownImport(TypedDict):
    """An import; `progress` is 0 to 1. `headings` and `sample` are those of a file that is not read yet."""

    id: Id
    kind: ImportKind
    source: str
    fileName: str
    bytes: int
    status: ImportStatus
    progress: float
    layout: ShownLayout
    headings: list[str] | None
    sample: list[list[str]] | None
    sameFileAs: Id | None
    checkedRows: int
    checkedNew: int
    checkedKnown: int
    checkedRepeated: int
    checkedRejected: int
    rowsDone: int
    accepted: int
    duplicates: int
    rejected: int
    undone: int
    error: str | None
    createdAt: Moment
    startedAt: Moment | None
    finishedAt: Moment | None


class ShownImports(TypedDict):
    """A page of imports, the newest first."""

    imports: list[ShownImport]
    nextCursor: Cursor
