"""Who looks at a page: the person whom the sign-in has recognised for this request."""

from flask import g

from components.shell import Viewer


def viewer() -> Viewer:
    """The signed-in person as the frame of a page shows them."""
    return Viewer(g.person.name, g.person.tenant_name, g.csrf, g.person.role)
