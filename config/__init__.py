"""Files to checked objects: server settings, catalogues, subscribers. Every error names file:line:column."""
