"""Tables and figures → files: bytes, nothing read."""
