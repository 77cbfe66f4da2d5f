"""A partner's records against ours: pairs, differences by class, and their sums."""
