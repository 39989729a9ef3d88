"""The list of metrics, group by group: how each is called, measured and made."""

from data.answers import Unit

Row = tuple[str, Unit, str, str, str, str, int]
"""Label, unit, group, measures that are added, measures that divide, description, scale."""


def _row(label: str, unit: Unit, group: str, plus: str, description: str, over: str = "") -> Row:
    return label, unit, group, plus, over, description, 100 if unit == "percent" else 1


_INSIDE = "People inside at the end of the span. At the cut-off only those of events that go on stay."

LIST: dict[str, Row] = {
    # Sales
    "tickets_sold": _row(
        "Tickets sold", "tickets", "sales", "sold", "Tickets sold less those cancelled; comps do not count."
    ),
    "comps": _row("Comps", "tickets", "sales", "comps", "Tickets given away, less those cancelled."),
    "tickets_issued": _row("Tickets issued", "tickets", "sales", "issued", "Tickets sold and comps."),
    "tickets_cancelled": _row(
        "Cancelled",
        "tickets",
        "sales",
        "cancelled",
        "Tickets cancelled, paid or not; not the same as refunded.",
    ),
    "cancellation_rate": _row(
        "Cancellation rate",
        "percent",
        "sales",
        "cancelled",
        "Tickets cancelled, of all that were issued in the same span.",
        "issued cancelled",
    ),
    "refunds": _row("Refunds", "count", "sales", "refunds", "How often money was given back."),
    "orders": _row("Orders", "count", "sales", "orders", "Different orders with a sale or a comp."),
    "tickets_per_order": _row(
        "Tickets per order", "score", "sales", "issued", "Tickets issued for each order.", "orders"
    ),
    "customers": _row(
        "Customers", "people", "sales", "customers", "Different people who bought or were given."
    ),
    "tickets_per_customer": _row(
        "Tickets per customer",
        "score",
        "sales",
        "issued",
        "Tickets issued for each customer.",
        "customers",
    ),
    "new_customers": _row(
        "New customers",
        "people",
        "sales",
        "new_customers",
        "People whose first purchase at the venue it was.",
    ),
    "returning_customers": _row(
        "Returning customers",
        "people",
        "sales",
        "customers -new_customers",
        "People who bought and had bought before.",
    ),
    "booking_lead": _row(
        "Booking lead",
        "seconds",
        "sales",
        "lead_seconds",
        "How long before the doors a ticket was bought; bought later it is nothing. Comps do not count,"
        " nor do events without a time of doors.",
        "lead_tickets",
    ),
    "sales_velocity": _row(
        "Sales velocity", "rate", "sales", "sold", "Tickets sold for each minute that has passed.", "minutes"
    ),
    # Money
    "gross_revenue": _row(
        "Gross revenue", "money", "money", "gross_minor", "What tickets cost, before refunds, without fees."
    ),
    "refunded": _row("Refunded", "money", "money", "refunded_minor", "Money given back."),
    "fees": _row("Fees", "money", "money", "fees_minor", "Fees that buyers paid on top of tickets."),
    "tax": _row("Tax", "money", "money", "tax_minor", "The tax in everything taken, less that in refunds."),
    "net_revenue": _row(
        "Net revenue",
        "money",
        "money",
        "gross_minor fees_minor -refunded_minor",
        "Paid less refunded: gross revenue and fees less refunds.",
    ),
    "ticket_revenue": _row(
        "Ticket revenue",
        "money",
        "money",
        "gross_minor -refunded_minor",
        "Gross revenue less refunds, without fees.",
    ),
    "revenue_without_tax": _row(
        "Net revenue without tax",
        "money",
        "money",
        "gross_minor fees_minor -refunded_minor -tax_minor",
        "Net revenue less the tax in it.",
    ),
    "average_ticket_price": _row(
        "Average ticket price",
        "money",
        "money",
        "gross_minor -refunded_minor",
        "Ticket revenue for each ticket sold and not cancelled.",
        "sold",
    ),
    "average_order_value": _row(
        "Average order value",
        "money",
        "money",
        "gross_minor fees_minor -refunded_minor",
        "Net revenue for each order.",
        "orders",
    ),
    "revenue_per_customer": _row(
        "Revenue per customer",
        "money",
        "money",
        "gross_minor fees_minor -refunded_minor",
        "Net revenue for each customer.",
        "customers",
    ),
    "refund_rate": _row(
        "Refund rate",
        "percent",
        "money",
        "refunded_minor",
        "Money given back, of all that was paid in the same span.",
        "gross_minor fees_minor",
    ),
    "event_revenue": _row(
        "Revenue of events",
        "money",
        "money",
        "night_gross night_fees -night_refunded",
        "All net revenue of the events whose doors lie in the span, whenever it was taken.",
    ),
    # Inventory: of the events whose doors lie in the span
    "events": _row("Events", "count", "inventory", "events", "Events that are not cancelled."),
    "events_cancelled": _row(
        "Cancelled events", "count", "inventory", "events_cancelled", "Events that were cancelled."
    ),
    "capacity": _row("Capacity", "tickets", "inventory", "capacity", "Tickets that can be sold."),
    "held": _row("Held", "tickets", "inventory", "held", "Tickets held back and not released."),
    "remaining": _row(
        "Remaining",
        "tickets",
        "inventory",
        "remaining",
        "Capacity less sold, comps and held, event by event.",
    ),
    "event_tickets": _row(
        "Tickets of events",
        "tickets",
        "inventory",
        "night_sold",
        "All tickets sold of the events whose doors lie in the span, whenever they were sold.",
    ),
    "percent_sold": _row(
        "Percent sold",
        "percent",
        "inventory",
        "rated_sold",
        "Tickets sold, of the capacity of events that have one.",
        "capacity",
    ),
    "sell_through": _row(
        "Sell-through",
        "percent",
        "inventory",
        "rated_sold",
        "Tickets sold, of the capacity without holds and comps.",
        "sellable",
    ),
    "percent_of_target": _row(
        "Percent of target",
        "percent",
        "inventory",
        "targeted_sold",
        "Tickets sold, of the target of events that have one.",
        "target_tickets",
    ),
    # Attendance
    "entries": _row("Entries", "people", "attendance", "entries", "Scans that let somebody in."),
    "exits": _row("Exits", "people", "attendance", "exits", "Scans that let somebody out."),
    "arrivals": _row(
        "Arrivals", "people", "attendance", "arrivals", "People by the moment at which they first came in."
    ),
    "entry_rate": _row(
        "Entries a minute",
        "rate",
        "attendance",
        "entries",
        "Entries for each minute that has passed.",
        "minutes",
    ),
    "inside": _row("Inside", "people", "attendance", "inside", _INSIDE),
    "peak_inside": _row(
        "Peak inside one event",
        "people",
        "attendance",
        "peak_inside",
        "The most people inside one event at once; of several events the highest, so it may be lower than all"
        " who are inside now.",
    ),
    "entered": _row(
        "Entered", "people", "attendance", "entered", "Different tickets that came in, by event."
    ),
    "average_stay": _row(
        "Average time inside",
        "seconds",
        "attendance",
        "stayed",
        "From coming in to going out, of everybody who came in; whoever is not scanned out stays until the"
        " event ends.",
        "entered",
    ),
    "reentries": _row("Re-entries", "people", "attendance", "reentries", "How often somebody came back in."),
    "expected": _row("Expected", "people", "attendance", "expected", "Tickets sold and comps of the events."),
    "no_shows": _row(
        "No-shows",
        "people",
        "attendance",
        "no_shows",
        "Tickets that have not come in, once doors are open; none of an event that let in more than it knows"
        " sold.",
    ),
    "show_rate": _row(
        "Show rate",
        "percent",
        "attendance",
        "came",
        "Tickets that came in, of all tickets of events whose doors have opened; of an event that let in"
        " more than it knows sold, all of them.",
        "due",
    ),
    # Doors
    "invalid_scans": _row("Refused scans", "count", "doors", "invalid", "Scans of people that were refused."),
    "invalid_rate": _row(
        "Refused share",
        "percent",
        "doors",
        "invalid",
        "Refused scans, of all scans of people.",
        "entries exits invalid",
    ),
    "gate_scans": _row(
        "Scans at gates",
        "count",
        "doors",
        "gate_entries gate_exits gate_invalid",
        "All scans at gates, also of parking and cloakroom tickets.",
    ),
    "gate_entries": _row(
        "Gate entries", "count", "doors", "gate_entries", "Entries at gates, any kind of ticket."
    ),
    "seconds_per_entry": _row(
        "Time per entry",
        "seconds",
        "doors",
        "busy_seconds",
        "How long a gate takes to let one in, over the minutes in which it lets anybody in.",
        "gate_entries",
    ),
    "gate_exits": _row("Gate exits", "count", "doors", "gate_exits", "Exits at gates, any kind of ticket."),
    "gate_refusals": _row(
        "Gate refusals", "count", "doors", "gate_invalid", "Refused scans at gates, any kind of ticket."
    ),
    "gate_refusal_rate": _row(
        "Gate refusal share",
        "percent",
        "doors",
        "gate_invalid",
        "Refused scans, of all scans at gates.",
        "gate_entries gate_exits gate_invalid",
    ),
    "transfers": _row("Transfers", "count", "doors", "transfers", "Tickets that changed hands, or were to."),
    "failed_transfers": _row(
        "Failed transfers", "count", "doors", "transfers_failed", "Transfers that were refused."
    ),
    "invalid_attempts": _row(
        "Invalid attempts",
        "count",
        "doors",
        "attempts",
        "Scans, transfers and validations refused elsewhere.",
    ),
    # Funnel
    "page_views": _row("Page views", "count", "funnel", "page_views", "Pages of events seen."),
    "visitors": _row(
        "Visitors", "people", "funnel", "visitors", "Different visitors; one who comes on two days is two."
    ),
    "views_per_visitor": _row(
        "Views per visitor", "score", "funnel", "page_views", "Pages seen by each visitor.", "visitors"
    ),
    "cart_updates": _row("Cart updates", "count", "funnel", "cart_updates", "Changes of carts."),
    "carts": _row("Carts", "people", "funnel", "carts", "Different people who put something into a cart."),
    "average_cart_value": _row(
        "Average cart value",
        "money",
        "funnel",
        "cart_minor",
        "What a cart with content is worth.",
        "filled_carts",
    ),
    "cart_rate": _row(
        "Visitors with a cart", "percent", "funnel", "carts", "Carts, of all visitors.", "visitors"
    ),
    "cart_conversion": _row(
        "Carts bought",
        "percent",
        "funnel",
        "customers",
        "Customers of all channels, of all with a cart.",
        "carts",
    ),
    "conversion_rate": _row(
        "Conversion", "percent", "funnel", "orders", "Orders of all channels, of all visitors.", "visitors"
    ),
    # Social
    "mentions": _row("Mentions", "count", "social", "mentions", "Posts about the event."),
    "reach": _row(
        "Reach", "people", "social", "reach", "Accounts that posts were shown to, counted each time."
    ),
    "engagements": _row("Engagements", "count", "social", "engagements", "Likes and shares."),
    "likes": _row("Likes", "count", "social", "likes", "Likes of posts."),
    "shares": _row("Shares", "count", "social", "shares", "Shares of posts."),
    "engagement_rate": _row(
        "Engagement rate", "percent", "social", "engagements", "Likes and shares, of the reach.", "reach"
    ),
    "sentiment": _row(
        "Sentiment",
        "score",
        "social",
        "sentiment_sum",
        "The mean tone of posts whose tone is known, from −1 to 1.",
        "sentiment_known",
    ),
    "authors": _row("Authors", "people", "social", "authors", "Different accounts that posted."),
}
