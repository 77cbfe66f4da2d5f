"""Statements as documents: a PDF for people, CSV for spreadsheets, JSON for programs."""

from ocs.settlement.document.writing import StatementWriter

__all__ = ["StatementWriter"]
