"""The audit of the offline side: the lake against its manifest, bills against the lake, money against bills."""
