"""pretix: a ping says that something changed, a fetch says what, the ledger gets the difference."""
