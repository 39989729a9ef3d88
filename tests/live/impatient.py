"""The web server's worker as in production, with less patience than a test."""

from api.arrival import ArrivalWorker


class ImpatientWorker(ArrivalWorker):
    """Gives a head and a body a second each to arrive, and an answer three to be taken."""

    head_seconds = 1.0
    body_seconds = 1.0
    brief_seconds = 0.2
    taking_seconds = 3
