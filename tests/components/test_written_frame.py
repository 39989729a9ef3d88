"""Frames as text: what the browser puts in is what the first paint shows, and is escaped once."""

from dash import dcc, html

from components.markup import markup
from components.written_frame import written
from widgets.attributes import marks


def _content() -> html.Div:
    graph = dcc.Graph(figure={"data": [], "layout": {"title": 'a "b" <c>'}})
    inside = [html.H2("Rows & <b>columns</b>", id="w-one-title"), graph]
    return html.Div(html.Section(inside), className="slot-content", **marks(data_of="one"))


INSIDE = (
    '<section><h2 id="w-one-title">Rows &amp; &lt;b&gt;columns&lt;/b&gt;</h2>'
    '<div class="fill" data-figure="{&quot;data&quot;:[],&quot;layout&quot;:{&quot;title&quot;:'
    '&quot;a \\&quot;b\\&quot; &lt;c&gt;&quot;}}"></div></section>'
)


def test_a_frame_as_text_keeps_its_attributes_its_ids_and_its_figures() -> None:
    assert written(_content()).to_plotly_json() == {  # type: ignore[no-untyped-call]
        "props": {
            "children": None,
            "className": "slot-content",
            "data-of": "one",
            "data-html": INSIDE,
        },
        "type": "Div",
        "namespace": "dash_html_components",
    }


def test_the_first_paint_has_the_same_frame_as_elements() -> None:
    page = markup(html.Main(written(_content())))
    assert page == f'<main><div class="slot-content" data-of="one">{INSIDE}</div></main>'
