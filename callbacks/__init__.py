"""One file per subject: plain functions, wired by `register`."""
