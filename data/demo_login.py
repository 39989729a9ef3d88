"""The demo venue's login. It is shown on the sign-in page and in the terminal, so it is no secret."""

DEMO_EMAIL = "demo@housecount.example"
DEMO_PASSWORD = "housecount-demo"  # noqa: S105
