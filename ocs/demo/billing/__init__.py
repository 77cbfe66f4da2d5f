"""The offline side shown: a month of usage made up, imported, billed, settled and audited."""
