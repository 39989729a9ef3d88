"""The figures of scans and presence in `truth.json`, from the facts."""

from tests.pretix.queries import LEDGER, SNAPSHOT, Asked, Json


class ScanFigures(Asked):
    """Scans by list, gate, hour and reason; who is inside."""

    def all(self) -> Json:
        """Every figure, in the shape of the truth."""
        return {
            "checkins": {
                "lists": self.lists(),
                "totals": self.scan_totals(),
                "entries_by_local_hour": self.by_hour(),
            },
            "webhooks": self.webhooks(),
        }

    def lists(self) -> dict[int, Json]:
        """Figures of each check-in list."""
        found: dict[int, Json] = {}
        for row in self.rows(
            f"{SNAPSHOT}, {LEDGER.replace('WITH mine', 'mine').replace('fees AS', 'ledger_fees AS')},"
            " lists AS (SELECT (l ->> 'id')::int AS list, l ->> 'name' AS name,"
            "  (l ->> 'subevent')::int AS subevent, (l ->> 'ignore_in_statistics')::bool AS ignored,"
            "  (l ->> 'all_products')::bool AS all_items,"
            "  ARRAY(SELECT jsonb_array_elements_text(l -> 'limit_products')::int) AS items"
            "  FROM pretix_events e, jsonb_array_elements(e.document -> 'lists') AS l"
            "  WHERE e.tenant_id = %(tenant)s AND e.event = %(event)s),"
            " entitled AS (SELECT item, subevent FROM positions JOIN orders USING (code)"
            # pretix counts its test tickets here, and only here.
            "  WHERE state = 'paid'"
            "  OR state = 'pending' AND (document ->> 'valid_if_pending')::bool)"
            " SELECT list, name, subevent, ignored AS ignore_in_statistics,"
            "  (SELECT count(*) FROM inside i WHERE i.list = lists.list) AS inside_now,"
            "  (SELECT count(DISTINCT ticket_id) FROM standing s WHERE s.list = lists.list"
            "   AND direction = 'entry') AS unique_entered,"
            "  (SELECT count(*) FROM standing s WHERE s.list = lists.list"
            "   AND direction = 'entry') AS entries,"
            "  (SELECT count(*) FROM standing s WHERE s.list = lists.list AND direction = 'exit') AS exits,"
            "  (SELECT count(*) FROM standing s WHERE s.list = lists.list AND direction = 'exit'"
            "   AND scanner = 'automatic') AS auto_exits,"
            "  (SELECT count(*) FROM entitled e WHERE (e.item = ANY(items) OR all_items)"
            "   AND (lists.subevent IS NULL OR e.subevent = lists.subevent)) AS position_count"
            " FROM lists"
        ):
            found[row["list"]] = row | {"failed": self._failed(row["list"])}
        return found

    def scan_totals(self) -> Json:
        ignored = "(SELECT (l ->> 'id')::int FROM pretix_events e,"
        ignored += " jsonb_array_elements(e.document -> 'lists') AS l WHERE e.tenant_id = %(tenant)s"
        ignored += " AND e.event = %(event)s AND (l ->> 'ignore_in_statistics')::bool)"
        totals = self.rows(
            f"{LEDGER} SELECT count(*) FILTER (WHERE direction = 'entry') AS entries,"
            " count(*) FILTER (WHERE direction = 'exit') AS exits,"
            " count(DISTINCT ticket_id) FILTER (WHERE direction = 'entry') AS unique_positions_ever_entered,"
            " count(DISTINCT ticket_id) FILTER (WHERE direction = 'entry' AND admission)"
            "  AS unique_admission_positions_ever_entered FROM standing"
        )[0]
        failed = self._failed(None)
        return totals | {
            # Not from the scans but from the house count, so that this checks it too.
            "unique_persons_inside_now": self.one(
                f"{LEDGER} SELECT coalesce(sum(inside), 0) FROM event_totals JOIN mine USING (event_id)"
                " WHERE tenant_id = %(tenant)s"
            ),
            "unique_positions_inside_now_incl_addons": self.one(
                f"{LEDGER} SELECT count(DISTINCT ticket_id) FROM inside WHERE list NOT IN {ignored}"
            ),
            "failed": failed,
            "failed_total": sum(failed.values()),
            "failed_without_position": self.one(
                f"{LEDGER} SELECT count(*) FROM scans WHERE effect = 0 AND ticket_id = 'unknown'"
            ),
            "entries_by_gate": self.counts(
                f"{LEDGER} SELECT coalesce(gate, '(none)'), count(*) FROM standing"
                " WHERE direction = 'entry' GROUP BY 1"
            ),
        }

    def by_hour(self) -> Json:
        return self.counts(
            f"{LEDGER} SELECT to_char(occurred_at AT TIME ZONE %(zone)s, 'YYYY-MM-DD\"T\"HH24'), count(*)"
            " FROM standing WHERE direction = 'entry' GROUP BY 1"
        )

    def webhooks(self) -> Json:
        """How many scans pretix must have pinged about: all that ever let somebody through by hand."""
        return {
            "checkin_webhooks_expected": self.one(
                f"{LEDGER} SELECT count(*) FROM scans WHERE effect = 1"
                " AND scanner IS DISTINCT FROM 'automatic'"
            ),
            "successful_checkins_without_webhook_(auto_exit)": self.one(
                f"{LEDGER} SELECT count(*) FROM scans WHERE effect = 1 AND scanner = 'automatic'"
            ),
            "checkin_webhooks_later_annulled": self.one(
                f"{LEDGER} SELECT count(*) FROM scans WHERE effect = -1"
            ),
        }

    def _failed(self, checkin_list: int | None) -> Json:
        only = "" if checkin_list is None else f"AND list = {checkin_list}"
        return self.counts(f"{LEDGER} SELECT reason, count(*) FROM scans WHERE effect <= 0 {only} GROUP BY 1")
