"""Rankings (积分排行): courtyards, households, shops and people in order, by month, quarter and year, like with like.

At each publication the places of the month are frozen: residents see only these, on the kiosk and its balance page, on
their phone, behind a courtyard's plate and on the notice board; staff also see how it stands now. What is put right
later counts in the month in which it is put right.
Owns ``ranking``, ``ranked_place`` and ``ranking_terms``.
"""
