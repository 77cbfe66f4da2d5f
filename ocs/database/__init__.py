"""The relational database: opening it, bringing its tables up to date, transactions that write.

Tables are defined by the packages they belong to, all on the one ``metadata``.
"""

from ocs.database.migration import migrate
from ocs.database.opening import DatabaseError, open_database
from ocs.database.schema import metadata
from ocs.database.transaction import writing

__all__ = ["DatabaseError", "metadata", "migrate", "open_database", "writing"]
