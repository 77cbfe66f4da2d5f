"""Load, comparisons and micro-benchmarks of charging servers. Every figure can be reproduced by its command."""
