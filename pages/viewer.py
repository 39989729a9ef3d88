"""Who looks at a page: the person whom the gate has let in with this request, and what they may open."""

from flask import g

from components.shell import Viewer


def viewer() -> Viewer:
    """The signed-in person as the frame of a page shows them."""
    return Viewer(
        g.person.name, g.person.tenant_name, g.csrf, g.pages, g.exports, g.audit, g.sources, g.imports
    )
