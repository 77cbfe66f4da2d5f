"""Paper: PDFs out of templates and data, in the languages, colours and fonts of an operator.

What a document says is the business of its own package (invoices in ``ocs.billing``, statements in
``ocs.settlement``); how it looks, and how numbers and days are written, is known here.
"""
