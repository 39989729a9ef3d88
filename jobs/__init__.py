"""Work that no request waits for, each piece a command of `python -m jobs`."""
