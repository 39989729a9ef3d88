"""Page furniture: pure functions that give Dash components."""
