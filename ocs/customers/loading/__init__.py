"""Customers out of CSV and YAML files: read, checked against each other and the database, and made so."""
