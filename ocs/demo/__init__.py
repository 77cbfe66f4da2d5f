"""The demonstration: a server of its own, the example operator, gateways, and what there is to see."""
