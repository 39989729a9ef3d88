"""The doors' knowledge: from a sender's envelope to a `Message`."""
