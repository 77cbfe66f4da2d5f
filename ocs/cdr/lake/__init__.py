"""The usage lake: Parquet by day, of which those files count that the manifest in SQL names."""

from ocs.cdr.lake.reading import Lake, LakeError

__all__ = ["Lake", "LakeError"]
