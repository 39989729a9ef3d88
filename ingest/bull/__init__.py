"""Bull: queues of tenants in their Redis, read in batches; what is completed is committed."""
