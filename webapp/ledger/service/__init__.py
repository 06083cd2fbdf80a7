"""The only writers of the book: accounts are opened, entries posted and reversed, points held, spent and released.

Every verb flushes and never commits. After a refusal the caller's transaction must be rolled back, as a request's is:
an account may have moved before its entry was refused.
"""

from webapp.ledger.service.accounts import account_state_of, open_account
from webapp.ledger.service.batch import Due, post_many
from webapp.ledger.service.exports import note_export
from webapp.ledger.service.holds import hold, keep_back, lock, release, spend
from webapp.ledger.service.lapsing import announce, lapse_account, lapse_some, note_lapse_export
from webapp.ledger.service.posting import post, reverse
from webapp.ledger.service.writing import Posting

__all__ = [
    "Due",
    "Posting",
    "account_state_of",
    "announce",
    "hold",
    "keep_back",
    "lapse_account",
    "lapse_some",
    "lock",
    "note_export",
    "note_lapse_export",
    "open_account",
    "post",
    "post_many",
    "release",
    "reverse",
    "spend",
]
