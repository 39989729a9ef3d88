"""What the answers of the API look like: the reference is written from these types, and tests hold answers to
them."""
