"""One file per widget, found by being there."""
