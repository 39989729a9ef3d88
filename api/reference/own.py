"""The reference itself."""

from api.reference.operation import Content, Operation, Subject

DOCUMENT = "/api/openapi.json"
PAGE = "/api/docs"

REFERENCE = Subject(
    "This reference",
    "The same for everybody who may ask anything.",
    "reference",
    (
        Operation(
            "GET",
            DOCUMENT,
            "getOpenApi",
            "This reference as OpenAPI 3.1",
            {
                200: Content(
                    {"application/json": {"type": "object", "required": ["openapi", "info", "paths"]}}
                )
            },
        ),
        Operation(
            "GET",
            PAGE,
            "getDocs",
            "This reference as a page",
            {200: Content({"text/html": None})},
            "A browser that is not signed in is sent to the sign-in.",
        ),
    ),
)
