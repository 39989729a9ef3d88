"""One file per page: what it is called and how it is laid out."""
