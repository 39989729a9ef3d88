"""REST and WebSocket routes, thin: parse, call, answer."""
