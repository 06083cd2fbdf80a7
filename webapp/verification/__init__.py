"""核对: anybody compares a paper with the book, without signing in: a slip, a printed publication, one line of it.

A code is scanned or typed on a phone, at a kiosk or in the office; the answer says in plain words whether the paper is
genuine, and puts what the book says now beside what was printed. The seal is worked out anew for each answer. It stands
above kiosk and reviews because it knows both: kiosks print slips, reviews seal publications. Owns no table.
"""
