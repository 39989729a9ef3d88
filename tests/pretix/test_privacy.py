"""Of what pretix tells of people, nothing is kept."""

from tests.data.everything import places
from tests.pretix.captures import lines
from tests.pretix.conftest import House


def test_nobody_whom_pretix_names_is_in_any_table(house: House) -> None:
    house.rounds.poll_all()
    house.drain()
    orders = [
        order
        for line in lines("orders")
        if line["status"] == 200
        for order in line["body"].get("results", [line["body"]])
    ]
    persons = {str(order["email"]) for order in orders} | {str(order["secret"]) for order in orders}
    for position in (position for order in orders for position in order["positions"]):
        persons |= {str(position[name]) for name in ("attendee_name", "attendee_email", "secret")}
    wanted = sorted(persons - {"", "None"})
    assert len(wanted) > 100
    with house.database.tenant(house.source.tenant_id) as tenant:
        assert places(tenant, wanted) == []
        assert tenant.rows("SELECT count(*) > 50 AS many FROM ticket_sales") == [{"many": True}]
