"""The Account Balance Management Function (TS 32.296): whose money, whose gigabytes, and the stores that keep them."""
