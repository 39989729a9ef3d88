"""A board of eight widgets over the big data set: made, loaded by many, and opened in Chromium."""

import secrets
import statistics
from dataclasses import dataclass
from uuid import UUID

from playwright.sync_api import Browser, BrowserContext, StorageState

from bench.browser import chromium, sign_in
from bench.dashboard_data import DataSet
from bench.dashboard_questions import RICHEST, rounds, year_before
from bench.harness import Meter, Server, percentile
from bench.load import drive
from bench.page_thread import traced
from data.access import Access
from data.board_document import BoardDocument, Placed
from data.dashboards import create
from data.engine import Database, TenantConnection
from data.tokens import create_token
from data.users import add_user

RUNS = 5
DRAWN = """(() => {
  const charts = ".js-plotly-plot .main-svg:first-child";
  const drawn = () => document.querySelectorAll(charts).length;
  window.drawn = [];
  new MutationObserver(() => {
    const count = drawn();
    if (count <= (window.drawn.at(-1)?.[0] ?? 0)) return;
    const entry = [count, null];
    window.drawn.push(entry);
    requestAnimationFrame(() => setTimeout(() => { entry[1] = performance.now(); }));
  }).observe(document, { childList: true, subtree: true });
})()"""
SETTLED_MS = 2_500


@dataclass(frozen=True)
class Board:
    """A board, and somebody who may see it."""

    board_id: UUID
    token: str
    email: str
    password: str


def board_of(database: Database, data: DataSet) -> Board:
    """A new board of eight widgets with a new owner; it looks at the year before the data set's today."""
    email, password = f"bench-{secrets.token_hex(6)}@housecount.example", secrets.token_urlsafe(12)
    with database.tenant(data.tenant_id) as tenant:
        token = create_token(tenant, "bench", ["send", "read", "write"])
        add_user(tenant, email, "Bench", "owner", password)
        row = tenant.execute(
            "SELECT user_id FROM users WHERE tenant_id = %s AND email = %s", [tenant.tenant_id, email]
        ).fetchone()
        assert row is not None
        access = Access(data.tenant_id, "owner", row[0])
        made = create(tenant, access, "Twenty venues", _document(tenant, data))
    return Board(made.dashboard_id, token, email, password)


def _document(tenant: TenantConnection, data: DataSet) -> BoardDocument:
    event = str(rounds(tenant, data, 1)[0].event_id)
    of_event = [{"dimension": "event", "values": [event]}]
    own = [
        ("kpi", {"metric": "net_revenue", "span": "30d"}),
        ("sales-over-time", {"metric": "net_revenue"}),
        ("channel-mix", {"metric": "net_revenue"}),
        ("custom", {"kind": "line", "dimensions": ["hour"], "filters": of_event, "limit": 500}),
        ("ticket-type-mix", {}),
        ("custom", {"kind": "bar", "metrics": ["arrivals"], "dimensions": ["5min"], "filters": of_event}),
        ("custom", _customers()),
        ("top-places", {"place": "country"}),
    ]
    placed = [
        Placed(id=f"w{n}", widget=name, settings=settings, x=n % 3 * 4, y=n // 3 * 4, w=4, h=4, phone=n)
        for n, (name, settings) in enumerate(own)
    ]
    since, until = year_before(data.until)
    return BoardDocument(widgets=tuple(placed), filters={"range": f"{since}..{until}", "compare": "none"})


def _customers() -> dict[str, object]:
    return {
        "kind": "flat",
        "metrics": ["net_revenue"],
        "dimensions": ["customer"],
        "span": "all",
        "top": RICHEST,
        "other": False,
    }


def page_rate(running: Server, board: Board, clients: int, loads: int = 200) -> None:
    """Print how many whole pages of the board a second the server hands out, figures drawn into the HTML."""
    with chromium() as browser:
        state = _signed_in(browser, running, board)
    cookies = "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in state["cookies"])
    head = f"GET /dashboards/{board.board_id} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookies}\r\n\r\n"
    drive(running.port, [head.encode()] * clients, clients)
    meter = Meter.start(running)
    report = drive(running.port, [head.encode()] * loads, clients)
    used = meter.used().get("web", 0.0)
    milliseconds = [1000 * seconds for seconds in report.latencies]
    print(
        f"the whole page of the board, drawn by the server: {loads / report.seconds:.0f}/s {report.statuses},"
        f" p95 {percentile(milliseconds, 95):.0f} ms, {1000 * used / loads:.0f} ms of the web process each"
    )


def browse(running: Server, board: Board) -> dict[str, float]:
    """The board opened in Chromium on loopback, to its last chart, in ms: cold and warm.

    Cold is a browser that has nothing but its session and an empty Redis behind the server; warm comes back.
    """
    cold, warm = [], []
    with chromium() as browser:
        state = _signed_in(browser, running, board)
        for _ in range(RUNS):
            forget(running)
            context = browser.new_context(viewport={"width": 1440, "height": 900}, storage_state=state)
            cold.append(_visit(context, running, board))
            warm.append(_visit(context, running, board))
            context.close()
        context = browser.new_context(viewport={"width": 1440, "height": 900}, storage_state=state)
        address = f"{running.url}/dashboards/{board.board_id}"
        spent = [traced(browser, lambda: _visit(context, running, board), address)[1] for _ in range(RUNS)]
        context.close()
    charts = {count for count, _ in cold + warm}
    print(f"board of eight in Chromium, {RUNS} visits each, charts drawn by plotly: {sorted(charts)}")
    for name, visits in (("cold", cold), ("warm", warm)):
        print(f"  {name}, last chart: {', '.join(f'{ms:.0f}' for _, ms in visits)} ms")
    print(f"  CPU of the page's thread until then, traced: {', '.join(f'{ms:.0f}' for ms in spent)} ms")
    return {
        "cold_last_chart_ms": statistics.median(ms for _, ms in cold),
        "warm_last_chart_ms": statistics.median(ms for _, ms in warm),
    }


def _signed_in(browser: Browser, running: Server, board: Board) -> StorageState:
    context = browser.new_context()
    page = context.new_page()
    sign_in(page, running, board.email, board.password)
    state = context.storage_state()
    context.close()
    return state


def forget(running: Server) -> None:
    """Empty Redis: nothing in it is the truth."""
    from redis import Redis

    client: Redis = Redis.from_url(running.redis_url)
    client.flushdb()
    client.close()


def _visit(context: BrowserContext, running: Server, board: Board) -> tuple[int, float]:
    """How many charts the board has in the end, and when the last of them was painted, in ms."""
    page = context.new_page()
    page.add_init_script(DRAWN)
    page.goto(f"{running.url}/dashboards/{board.board_id}", wait_until="commit")
    page.wait_for_selector("#react-entry-point .js-plotly-plot .main-svg", state="attached", timeout=60_000)
    page.wait_for_timeout(SETTLED_MS)
    drawn = page.evaluate("window.drawn")
    page.close()
    count, moment = drawn[-1]
    return int(count), float(moment)
