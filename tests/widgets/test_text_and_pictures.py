"""What people put on a board themselves can do no harm."""

import base64
from datetime import UTC, datetime

import pytest
from dash import html

from components.markup import markup
from data.board_document import Placed
from widgets.draw import draw
from widgets.marked import marked, plain
from widgets.picture import EXAMPLE, MOST_BYTES
from widgets.sample import sample_scope

SCOPE = sample_scope(datetime(2026, 11, 20, 19, 42, 7, tzinfo=UTC))


def written(text: str) -> str:
    return markup(html.Div(marked(text)))


def test_marks_become_elements() -> None:
    text = "# Tonight\n\n- Doors **19:00**\n- *quiet* `code`\n\n1. one\n2. two\n\n> said\n\n---\nlast\nline"
    assert written(text) == (
        '<div><h3 class="md-h1">Tonight</h3>'
        "<ul><li>Doors <strong>19:00</strong></li><li><em>quiet</em> <code>code</code></li></ul>"
        "<ol><li>one</li><li>two</li></ol><blockquote>said</blockquote><hr><p>last<br>line</p></div>"
    )


def test_links_lead_to_the_web_to_mail_and_to_this_site_only() -> None:
    assert written("[a](https://example.com)") == (
        '<div><p><a href="https://example.com" rel="noopener noreferrer" target="_blank">a</a></p></div>'
    )
    assert written("[b](/dashboards)") == '<div><p><a href="/dashboards">b</a></p></div>'
    for address in ("javascript:alert(1)", "data:text/html,x", "//evil.example", "vbscript:x"):
        assert "<a" not in written(f"[c]({address})")


def test_html_is_text() -> None:
    assert written("<img src=x onerror=alert(1)>") == "<div><p>&lt;img src=x onerror=alert(1)&gt;</p></div>"
    assert "<script" not in written("**<script>**\n\n# <script>\n\n- <script>")


def test_a_note_is_read_aloud_without_its_marks() -> None:
    assert plain("## Doors\n- **19:00** at [gate](https://a.example) A") == "Doors 19:00 at gate A"


def pasted(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("https://example.com/logo.png", "only pictures kept in the board"),
        (pasted("image/svg+xml", b"<svg onload='alert(1)'/>"), "only pictures kept in the board"),
        (pasted("text/html", b"<script>"), "only pictures kept in the board"),
        ("data:image/png;base64,@@@@", "the picture is damaged"),
        (pasted("image/png", b"GIF89a"), "this is no PNG"),
        (pasted("image/gif", b"GIF89a" + bytes(MOST_BYTES)), "150,006 bytes, at most 150,000"),
    ],
    ids=["another host", "svg", "html", "damaged", "mislabelled", "too large"],
)
def test_only_small_pictures_kept_in_the_board_are_shown(source: str, complaint: str) -> None:
    drawn = draw(Placed(id="a", widget="picture", settings={"source": source}), SCOPE, {})
    assert drawn.state == "invalid"
    assert complaint in drawn.error
    assert "<img" not in markup(drawn.body)


def test_a_picture_has_the_words_for_those_who_do_not_see_it() -> None:
    settings = {"source": EXAMPLE, "alt": 'Logo "x"'}
    drawn = draw(Placed(id="a", widget="picture", settings=settings), SCOPE, {})
    assert 'alt="Logo &quot;x&quot;"' in markup(drawn.body)
