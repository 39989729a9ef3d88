"""Every field that is kept: where it comes from, what it is for, how long it stays, whether it is a person.

`docs/privacy.md` is written from it, erasure and export of a customer work through it, and a test holds it
against the schema: a column that is not here fails the build.
"""

from __future__ import annotations

from collections.abc import Mapping

from data import field_imports
from data.field_accounts import ACCOUNTS
from data.field_kept import Kept, Person
from data.field_kept import of as _of
from data.schema import metadata

_FACT = "messages"
_FACTS_STAY = (
    "until the tenant is removed, after `ARCHIVE_AFTER_MONTHS` in files; persons in it until they are erased"
)
_SUMS = "worked out from facts"
_WITH_FACTS = "as long as the facts"
_HOUSE = "the operator, or messages"
_TENANT = "until the tenant is removed"
_SHORT = "30 days after its end"
_FROM_PRETIX = "pretix"
_AUTHOR: dict[str, Person] = {"author_id": "staff"}

FIELDS: Mapping[str, Kept] = {
    **ACCOUNTS,
    "venues": Kept(_HOUSE, _TENANT, _of("""
        business_day_starts: when a night belongs to the day before
        amber_percent, red_percent: when to warn
    """)),
    "zones": Kept(_HOUSE, _TENANT),
    "gates": Kept(_HOUSE, _TENANT),
    "series": Kept(_HOUSE, _TENANT, _of("genre: what kind of event")),
    "events": Kept(_HOUSE, _TENANT, _of("""
        doors_at, starts_at, ends_at, on_sale_at: its times
        physical_capacity, sellable_capacity: how many fit and are for sale
        target_tickets, target_minor: what it should bring
        registered: whether somebody entered it, or a message named it
    """)),
    "ticket_types": Kept(_HOUSE, _TENANT, _of("price_minor: what it costs")),
    "holds": Kept(_HOUSE, _TENANT, _of("hold: which hold\nreleased_at: when it was given back")),
    "message_keys": Kept(_FACT, _TENANT),
    "messages": Kept(_FACT, _FACTS_STAY, _of("""
        type: what kind of message
        payload: what was sent, without persons, to be read again
    """), {"payload": "inside"}),
    "dead_letters": Kept(_FACT, "until somebody has dealt with it", _of("""
        dead_letter_id: the letter
        field: the field at fault
        detail: what is wrong
        payload: what was sent, without persons
        door, type: through which door it came, and as what
        identity: the key under which it would be known, as a keyed digest
        replayed_at, discarded_at, handled_by: when it was dealt with, and by whom
        outcome, edited: what became of it, and whether it was changed before
    """), {"payload": "inside", "handled_by": "staff"}),
    "event_aliases": Kept("an owner or a manager", "until the match is undone", _of("""
        real_event_id: which event was meant
        ref: the sender's name of it
        placeholder, before: both as they were, to be put back
        notes: which notes went along
        version, moved: how far it is
        matched_by, matched_at: who said so, and when
    """), {"matched_by": "staff"}),
    "moved_messages": Kept("made here", "until the match is undone"),
    "letter_jobs": Kept("an owner or a manager", _TENANT, _of("""
        job_id: the job
        action, filters: what is done, and with which refused messages
        status, finished_at: how far it is
        total, done, accepted, duplicates, refused, discarded: how many there are, and what became of them
        cursor_at, cursor_id: behind which one it goes on
        created_by: who asked for it
    """), {"created_by": "staff"}),
    "ticket_sales": Kept(_FACT, _FACTS_STAY, _of("""
        kind: sale, refund, fee …
        order_id: which order
        amount_minor: the money
        comp: whether it was given
        channel, campaign: how it was sold
        country, region, city: where buyers come from
        customer: the buyer, as a keyed hash
    """), {"customer": "customer"}),
    "ticket_scans": Kept(_FACT, _FACTS_STAY, _of("""
        direction, effect, area: entry or exit, whether it counts, at which door
        scanner: which device
    """)),
    "page_views": Kept(_FACT, _FACTS_STAY, _of("""
        path, referrer: the page and the one before, without queries
        medium, campaign: how the visitor came
        visitor: a hash under the salt of the day
    """), {"visitor": "visitor"}),
    "cart_updates": Kept(_FACT, _FACTS_STAY, _of("""
        value_minor: what lies in it is worth
        items: what lies in it, without persons
        customer: whose cart, as a keyed hash
    """), {"customer": "customer"}),
    "social_mentions": Kept(_FACT, _FACTS_STAY, _of("""
        platform, kind: where and what kind of post
        author: who wrote it, as a keyed hash
        text_length: how long it was; the text is not kept
        likes, shares, sentiment: what became of it
    """), {"author": "author"}),
    "ticket_transfers": Kept(_FACT, _FACTS_STAY, _of("""
        from_customer, to_customer: who gave and who got it, as keyed hashes
        successful: whether it came about
    """), {"from_customer": "customer", "to_customer": "customer"}),
    "invalid_attempts": Kept(_FACT, _FACTS_STAY, _of("attempt_type: what was tried")),
    "venue_updates": Kept(_FACT, _FACTS_STAY, _of("field: what changed\nvalue: its new value")),
    "presence": Kept(_SUMS, _WITH_FACTS, _of("""
        first_entry_at, last_move_at, moves: a ticket's ways in and out
    """)),
    "house_counts": Kept(_SUMS, _WITH_FACTS),
    "house_count_minutes": Kept(_SUMS, _WITH_FACTS),
    "event_totals": Kept(_SUMS, _WITH_FACTS),
    "event_money": Kept(_SUMS, _WITH_FACTS),
    "zone_totals": Kept(_SUMS, _WITH_FACTS),
    "carts": Kept(_SUMS, _WITH_FACTS, _of("customer: whose cart, as a keyed hash"), {"customer": "customer"}),
    "gate_analytics": Kept(_SUMS, _WITH_FACTS),
    "venue_analytics": Kept(_SUMS, _WITH_FACTS),
    "rollup_queue": Kept(_SUMS, "seconds", _of("""
        entry_id: the entry
        days, months: when its sums belong
        increments: the sums themselves
    """), {"increments": "inside"}),
    "day_analytics": Kept(_SUMS, _WITH_FACTS, _of("""
        dimension, value: what it is split by
        changes: tells cached answers that they are old
    """)),
    "customer_totals": Kept(_SUMS, "until the customer is erased", _of("""
        customer: whose, as a keyed hash
        lines, tickets: how much was bought
        first_at, last_at: when first and last
    """), {"customer": "customer"}),
    "dashboards": Kept("users", "30 days after removal", _of("trashed_at: when it was removed")),
    "dashboard_versions": Kept("users", "thinned with age", _of("summary: what changed"), _AUTHOR),
    "dashboard_shares": Kept("users", "until taken back", _of("grantee: with whom\nmay_edit: may edit")),
    "dashboard_links": Kept("users", "until the board is removed", _of("""
        link_id: the link
        label: what it is for
        filters: what it shows
        masked: whether it hides money
        views, last_viewed_at: how often it was opened; not by whom
    """)),
    "annotations": Kept("users", "until removed", _of("""
        annotation_id: the note
        at: where it stands in time
        text: what it says
    """), {"author_id": "staff"}),
    "exports": Kept("users", _SHORT, _of("""
        export_id: the file
        format, request, file_name: what was asked for
        attempts, rows_done, rows_total, bytes: how far it is
        error: why it came to nothing
        started_at, finished_at: when it was written
    """), {"created_by": "staff"}),
    "idempotency_keys": Kept("programs", "24 hours", _of("""
        caller: which user or token
        key_hash, fingerprint: know a repeat
        claimed_at: when it was first asked
        answer: what was answered, locked by a key the caller has
    """)),
    "audit_log": Kept("what people and programs do", "`AUDIT_MONTHS`", _of("""
        recorded_at: when it was recorded
        lane, seq: where it stands in its chain
        actor_kind, actor_id, session_id: who did it, by which session
        door, action, outcome: through which door, as what, how it ended
        object: what it was about, as a kind and an id
        request_id: of which request
        detail: names and numbers of what was asked for; no figures and no texts
        key_id, previous, hash: show whether it was changed
    """), {"actor_id": "staff"}),
    "audit_heads": Kept("what people and programs do", "for good", _of("""
        lane, seq, hash, recorded_at: how far a chain has come
        floor_seq, floor_hash, floor_seal: up to where old entries were removed, and that it was us
    """)),
    "archives": Kept("made here", "for good", _of("""
        fact_table, month, part: what stands in the file
        state: how far it is on its way out of the tables, or back
        file_name, rows, bytes, checksum, revision: know a file that is damaged or another one
        events: of which events it has rows, so that only questions about them are refused
        made_by: whether a job or a command wrote it
    """)),
    "milestones": Kept(_SUMS, _WITH_FACTS, _of("""
        measure, percent, value: what was reached
        reached_at: when
    """)),
    "usual_arrivals": Kept(_SUMS, "until worked out again", _of("""
        bucket_minutes, first_offset_minutes, shares: when people usually come
        peak_offset_minutes, peak_share: when most do
        comparables: by which earlier events
        computed_at: when it was worked out
    """)),
    "queue_sources": Kept("the operator", _TENANT, _of("""
        kind, place: which queues of what broker
        sealed_url: its address with the password, locked
        state, seen_at: how its reader is, and when it last said so
        last_message_at, last_error, last_error_at: when the last message came; what last went wrong, and when
        accepted, duplicates, rejected: how many messages came of each
    """)),
    "doors": Kept("counted here", _TENANT, _of("""
        door: which door
        first_at, last_message_at, last_refused_at: since when something comes, and when something last came
        accepted, duplicates, rejected: how many messages came of each
    """)),
    "door_minutes": Kept("counted here", "25 hours", _of("""
        minute, door: when, and through which door
        accepted, duplicates, rejected: how many messages came of each
        lag_ms: the longest that one of them took
    """)),
    "webhooks": Kept("an owner", _TENANT, _of("""
        webhook_id: the webhook
        sealed_url: where it goes, locked, for an address may be a secret
        description, types: what it is for
        sealed_secret, sealed_previous, previous_until: what signs, locked; and until when the former one does
        reason: why it is off
        failures, resume_at: how often it failed in a row, and until when it is left alone
        delivered_at: when something last came through
    """)),
    "webhook_messages": Kept("made here", "30 days after it was delivered", _of("""
        message_id, type: what is told
        body: its words, without persons
    """)),
    "webhook_deliveries": Kept("made here", "30 days after it ended", _of("""
        webhook_id, message_id: what goes where
        tries: how often it was tried since it last began
        next_at, claimed_until, finished_at: when it is tried again, until when somebody does, when it ended
        answered, error: what came of the last attempt
    """)),
    "webhook_attempts": Kept("the receiver", "as long as its delivery", _of("""
        webhook_id, message_id, number: which attempt
        at, milliseconds: when, and how long it took
        answered, error, answer: the status, what failed, and how the answer begins
    """)),
    "sinks": Kept("the operator", _TENANT, _of("""
        sink_id, kind: which sink
        place: what it is called there
        sealed: its address and token, locked
        at, at_key: up to which message all is there
        ready_until, mark_at, mark_number: up to when messages can be read
        sent, sent_at: how many were copied, and when the last ones
        last_error, last_error_at, failures, retry_at: what went wrong, and when it is tried again
    """)),
    "sites": Kept("the operator", _TENANT, _of("""
        site_id: the website, and its public key
        origins: from where its pages come
    """)),
    "pretix_sources": Kept("the operator", _TENANT, _of("""
        base_url, organizer: which pretix
        sealed_token: the token, locked
        gates: names of doors
    """)),
    "pretix_pings": Kept(_FROM_PRETIX, "until answered", _of("""
        subject: what has news
        pings: how often it was said
        next_attempt_at, last_error: when it is read again, and why
    """)),
    "pretix_events": Kept(_FROM_PRETIX, _TENANT),
    "pretix_orders": Kept(_FROM_PRETIX, _TENANT, _of("last_modified: when it changed")),
    "pretix_positions": Kept(_FROM_PRETIX, _TENANT, _of("""
        position_id: which ticket
        person, valid, pending: whether it is a person's, and lets in
    """)),
    "pretix_checkins": Kept(_FROM_PRETIX, _TENANT, _of("""
        checkin_id, position_id, list_id: which scan of which ticket
        direction, successful: what came of it
        person: whether the ticket is a person's
    """)),
    "pretix_cursors": Kept(_FROM_PRETIX, _TENANT, _of("resource: of what\nvalue: how far it was read")),
    **field_imports.FIELDS,
}  # fmt: skip


def people(*kinds: Person) -> list[tuple[str, str, Person]]:
    """(table, column, kind) of the columns that are, or hold, people of these kinds."""
    return [
        (table, column, kind)
        for table, kept in FIELDS.items()
        for column, kind in kept.people.items()
        if kind in kinds
    ]


def document() -> str:
    """The part of docs/privacy.md that lists every field."""
    lines = ["| field | from | for | stays | person |", "|---|---|---|---|---|"]
    for name, table in metadata.tables.items():
        kept = FIELDS[name]
        lines += [
            f"| `{name}.{column.name}` | {kept.source} | {kept.purpose(column.name)} | {kept.stays}"
            f" | {kept.people.get(column.name, '')} |"
            for column in table.columns
        ]
    return "\n".join(lines) + "\n"
