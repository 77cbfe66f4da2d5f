"""The load generator: drives any Gy server, measures windows of a run, writes JSON and an HTML report."""
