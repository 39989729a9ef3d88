"""All SQL and all Redis of the product."""
