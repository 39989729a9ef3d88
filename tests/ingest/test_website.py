from urllib.parse import urlsplit

from hypothesis import example, given
from hypothesis import strategies as st

from ingest.website import PAGE_VIEW


@given(st.text("/a.?#@~-_:%=&", min_size=1, max_size=12))
@example("/events/gala-2026/")
@example("//ann:pw@host/gala?q#top")
def test_an_address_loses_its_query_fragment_and_password_and_nothing_else(path: str) -> None:
    assert PAGE_VIEW.prepare is not None
    fields: dict[str, object] = {"path": path}
    PAGE_VIEW.prepare(fields)
    parts = urlsplit(path)
    host = parts.netloc.rpartition("@")[2]
    assert fields["path"] == parts._replace(query="", fragment="", netloc=host).geturl()
