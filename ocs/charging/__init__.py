"""The credit-control decision (pure) and the service around it."""
