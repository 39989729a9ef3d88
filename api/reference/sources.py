"""Doors."""

from api import sources
from api.reference.operation import Operation, Subject
from api.shapes.sources import SeenSources

SOURCES = Subject(
    "Sources",
    "The doors by which messages come in: how each is, what came through it and what was refused.",
    "sources",
    (
        Operation(
            "GET",
            sources.PATH,
            "listSources",
            "Every door, and how it is now",
            {200: SeenSources},
        ),
    ),
)
