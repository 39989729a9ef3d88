"""RabbitMQ: queues of tenants, read in batches; what is acknowledged is committed."""
