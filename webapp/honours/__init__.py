"""Honours (评优): a rule proposes who comes into question, people decide, and the honour is shown until it ends.

The community sets up kinds (最美庭院, 美德商铺); after a publication the frozen ranking proposes, the working group decides once for
each kind and month. An honour ends by its date, or is withdrawn with a reason. Owns ``honour_kind``, ``choice`` and ``honour``.
"""
