"""The figures of `truth.json` as Housecount has them, each by SQL.

What is a fact (tickets sold, money, scans, presence) is summed from the ledger and the scans; what
pretix merely plans (pending, expired, cancelled orders) or moves (payments, refunds) comes from the
last state seen of its orders.
"""

from collections import defaultdict
from typing import Any

from tests.pretix.queries import LEDGER, SNAPSHOT, Asked, Json, money, worth


class Figures(Asked):
    """One event of one source."""

    def all(self) -> Json:
        """Every figure, in the shape of the truth."""
        return {
            "orders": self.orders(),
            "tickets_by_item": self.tickets("item, variation"),
            "tickets_by_subevent": self.tickets("subevent", "admission"),
            "tickets_sold_net": self.sold_net(),
            "revenue": self.revenue(),
            "tax_by_rate_paid": self.by_rate(),
            "fees_paid_orders": self.fees(),
            "cash": self.cash(),
            "balances": self.balances(),
            "pretix_statistics_order_overview_incl_testmode": self.overview(),
            "orders_by_local_day_placed": self.by_day(),
        }

    def orders(self) -> Json:
        states = {"n": 0, "p": 0, "e": 0, "c": 0} | self.counts(
            f"{SNAPSHOT} SELECT status, count(*) FROM orders WHERE NOT testmode GROUP BY 1"
        )
        return {
            "by_status": states,
            **self.rows(
                f"{SNAPSHOT} SELECT count(*) FILTER (WHERE NOT testmode) AS total,"
                " count(*) FILTER (WHERE testmode) AS testmode_excluded,"
                " count(*) FILTER (WHERE status = 'n' AND needs_approval AND NOT testmode) AS unapproved,"
                " count(*) FILTER (WHERE status = 'n' AND NOT testmode"
                "  AND (document ->> 'valid_if_pending')::bool) AS valid_if_pending,"
                " count(*) FILTER (WHERE status = 'p' AND NOT testmode AND NOT EXISTS (SELECT 1"
                "  FROM positions p WHERE p.code = orders.code AND NOT canceled))"
                "  AS paid_status_but_only_fees_left"
                " FROM orders"
            )[0],
        }

    def tickets(self, by: str, only: str = "true") -> dict[tuple[Any, ...], Json]:
        """Sold tickets from the ledger, all other states from the orders, by these columns."""
        found: dict[tuple[Any, ...], Json] = defaultdict(dict)
        columns = by.split(", ")
        source = {
            "item, variation": "split_part(ticket_type, '-', 1)::int AS item,"
            " nullif(split_part(ticket_type, '-', 2), '')::int AS variation",
            "subevent": "subevent",
        }[by]
        for row in self.rows(
            f"{LEDGER}, split AS (SELECT {source}, quantity, amount_minor, tax_minor FROM tickets"
            f"  WHERE {only})"
            f" SELECT {by}, sum(quantity) AS count, sum(amount_minor) AS gross, sum(tax_minor) AS tax"
            f" FROM split GROUP BY {by}"
        ):
            found[tuple(row[c] for c in columns)]["paid"] = worth(row, 100)
        for row in self.rows(
            f"{SNAPSHOT} SELECT {by}, state, count(*), sum(gross) AS gross, sum(tax) AS tax"
            f" FROM positions WHERE NOT testmode AND state <> 'paid' AND {only} GROUP BY {by}, state"
        ):
            found[tuple(row[c] for c in columns)][row["state"]] = worth(row)
        return dict(found)

    def names(self) -> dict[str, tuple[str, bool]]:
        """(name, admission) of every ticket type."""
        rows = self.rows(
            f"{LEDGER} SELECT ticket_type, name, admission FROM ticket_types JOIN mine USING (event_id)"
            " WHERE tenant_id = %(tenant)s"
        )
        return {row["ticket_type"]: (row["name"], row["admission"]) for row in rows}

    def sold_net(self) -> Json:
        return {
            **self.rows(
                f"{LEDGER} SELECT coalesce(sum(quantity), 0) AS all_positions,"
                " coalesce(sum(quantity) FILTER (WHERE admission), 0) AS admission_only FROM tickets"
            )[0],
            "pending_all_positions": self.one(
                f"{SNAPSHOT} SELECT count(*) FROM positions WHERE state = 'pending' AND NOT testmode"
            ),
        }

    def revenue(self) -> Json:
        sums = self.rows(
            f"{LEDGER} SELECT sum(amount_minor) FILTER (WHERE fee IS NULL) AS gross_positions,"
            " sum(amount_minor) FILTER (WHERE fee IS NOT NULL) AS gross_fees,"
            " sum(amount_minor) AS gross_total, sum(tax_minor) AS tax_total FROM lines"
        )[0]
        paid = {name: money(value, 100) for name, value in sums.items()}
        total = f"{SNAPSHOT} SELECT sum(total) FROM orders WHERE status = 'p' AND NOT testmode"
        pending = self.rows(
            f"{SNAPSHOT} SELECT sum(gross) AS gross_total, sum(tax) AS tax_total FROM ("
            "  SELECT gross, tax FROM positions WHERE state = 'pending' AND NOT testmode UNION ALL"
            "  SELECT gross, tax FROM fees WHERE status = 'n' AND NOT canceled AND NOT testmode) AS due"
        )[0]
        return {
            "paid_orders": paid | {"order_total_check": money(self.one(total))},
            "pending_orders": {name: money(value) for name, value in pending.items()},
        }

    def by_rate(self) -> Json:
        return {
            row["rate"]: {"gross": money(row["gross"], 100), "tax": money(row["tax"], 100)}
            for row in self.rows(
                f"{LEDGER}, balances AS (SELECT rate, fee, ticket_id, sum(quantity) AS quantity,"
                "  sum(amount_minor) AS gross, sum(tax_minor) AS tax FROM lines GROUP BY 1, 2, 3)"
                " SELECT rate, sum(gross) AS gross, sum(tax) AS tax FROM balances"
                " WHERE quantity <> 0 OR gross <> 0 GROUP BY 1"
            )
        }

    def fees(self) -> Json:
        return {
            row["fee_type"]: worth(row, 100)
            for row in self.rows(
                f"{LEDGER} SELECT fee_type, count(*), sum(amount_minor) AS gross, sum(tax_minor) AS tax"
                " FROM fees GROUP BY 1"
            )
        }

    def cash(self) -> Json:
        def amounts(query: str) -> Json:
            return {
                row["what"]: {"count": row["count"], "amount": money(row["amount"])}
                for row in self.rows(f"{SNAPSHOT} {query}")
            }

        received = self.one(
            f"{SNAPSHOT} SELECT sum(amount) FROM payments WHERE state IN ('confirmed', 'refunded')"
        )
        given_back = self.one(f"{SNAPSHOT} SELECT sum(amount) FROM refunds WHERE state = 'done'")
        return {
            "payments_by_state": amounts(
                "SELECT state AS what, count(*), sum(amount) AS amount FROM payments GROUP BY 1"
            ),
            "confirmed_by_provider": amounts(
                "SELECT provider AS what, count(*), sum(amount) AS amount FROM payments"
                " WHERE state IN ('confirmed', 'refunded') GROUP BY 1"
            ),
            "refunds_by_state": amounts(
                "SELECT state AS what, count(*), sum(amount) AS amount FROM refunds GROUP BY 1"
            ),
            "received": money(received),
            "refunded_done": money(given_back),
            "net": money((received or 0) - (given_back or 0)),
        }

    def balances(self) -> Json:
        row = self.rows(
            f"{SNAPSHOT}, had AS (SELECT orders.status, total,"
            " coalesce((SELECT sum(amount) FROM payments p WHERE p.code = orders.code"
            "  AND state IN ('confirmed', 'refunded')), 0)"
            " - coalesce((SELECT sum(amount) FROM refunds r WHERE r.code = orders.code"
            "  AND state IN ('done', 'transit', 'created')), 0) AS money FROM orders WHERE NOT testmode)"
            " SELECT count(*) FILTER (WHERE status = 'p' AND money > total) AS overpaid_orders,"
            " sum(money - total) FILTER (WHERE status = 'p' AND money > total) AS overpaid_amount,"
            " count(*) FILTER (WHERE status = 'p' AND money < total) AS \"paid_status_but_underpaid_orders\","
            " count(*) FILTER (WHERE status = 'c' AND money > 0) AS canceled_orders_with_money_left FROM had"
        )[0]
        return row | {"overpaid_amount": money(row["overpaid_amount"])}

    def overview(self) -> Json:
        """pretix's own statistics page: fees included, test orders too."""
        totals: dict[str, Json] = {}
        for state in ("unapproved", "canceled", "paid", "pending", "expired", "total"):
            states = "('paid', 'pending')" if state == "total" else f"('{state}')"
            row = self.rows(
                f"{SNAPSHOT} SELECT count(*) FILTER (WHERE is_ticket), sum(gross) AS gross,"
                " sum(gross - tax) AS net FROM ("
                "  SELECT true AS is_ticket, state, gross, tax FROM positions UNION ALL"
                "  SELECT false, CASE WHEN canceled THEN 'canceled' WHEN status = 'n' THEN 'pending'"
                "   WHEN status = 'e' THEN 'expired' ELSE 'paid' END, gross, tax FROM fees) AS parts"
                f" WHERE state IN {states}"
            )[0]
            totals[state] = {"count": row["count"], "gross": money(row["gross"]), "net": money(row["net"])}
        return totals

    def by_day(self) -> Json:
        return {
            row["day"]: {"orders": row["orders"], "gross_now_paid": money(row["gross"])}
            for row in self.rows(
                f"{SNAPSHOT} SELECT to_char((document ->> 'datetime')::timestamptz AT TIME ZONE %(zone)s,"
                " 'YYYY-MM-DD') AS day, count(*) AS orders, sum(total) FILTER (WHERE status = 'p') AS gross"
                " FROM orders WHERE NOT testmode GROUP BY 1"
            )
        }
