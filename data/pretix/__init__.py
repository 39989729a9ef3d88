"""What is kept about pretix: sources, the queue of pings, the last state seen, and what the ledger says."""
