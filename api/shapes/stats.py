"""Ticket activity, as data/ticket_stats.py counts and lists it. Tickets and people have names of the day."""

from typing import Any, Literal, TypedDict

from api.shapes.values import Id, Moment


class Activity(TypedDict):
    """What happened to tickets; `last_updated` is when the event, or the latest of them, last changed."""

    scan_count: int
    transfer_count: int
    invalid_attempt_count: int
    valid_scan_count: int
    invalid_scan_count: int
    successful_transfer_count: int
    failed_transfer_count: int
    last_updated: Moment | None


class TicketStats(Activity):
    """The counts of an event; without `event_id` those of all events together."""

    event_id: Id | None


class ActivityDay(Activity):
    """The counts of a business day of an event's venue."""

    event_id: Id
    date: str


class ScannedTicket(TypedDict):
    """A scan. `annuls` is true for a line that takes an earlier scan back."""

    id: str
    event_id: Id
    ticket_id: str
    scanned_at: Moment
    entry_point: str | None
    scanner_id: str | None
    direction: Literal["entry", "exit"]
    is_valid: bool
    annuls: bool
    reason: str | None
    device_info: Any


class TransferredTicket(TypedDict):
    """A transfer, come about or not."""

    id: str
    event_id: Id
    ticket_id: str
    transferred_at: Moment
    from_user_id: Id | None
    to_user_id: Id | None
    reason: str | None
    is_successful: bool


class RefusedAttempt(TypedDict):
    """An attempt that was refused somewhere else."""

    id: str
    event_id: Id
    ticket_id: str | None
    attempted_at: Moment
    attempt_type: Literal["scan", "transfer", "validation"]
    reason: str | None
    entry_point: str | None


class TicketScans(TypedDict):
    """The latest scans of an event, the newest first; `count` is how many are here."""

    event_id: Id
    scans: list[ScannedTicket]
    count: int


class TicketTransfers(TypedDict):
    """The latest transfers of an event, the newest first; `count` is how many are here."""

    event_id: Id
    transfers: list[TransferredTicket]
    count: int


class InvalidAttempts(TypedDict):
    """The latest refused attempts of an event, the newest first; `count` is how many are here."""

    event_id: Id
    invalid_attempts: list[RefusedAttempt]
    count: int


class ActivityDays(TypedDict):
    """The latest days of an event on which something happened; `count` is how many are here."""

    event_id: Id
    days: list[ActivityDay]
    count: int
