"""Records (记实): what happened, judged by a rule. A record is the only cause of earned or deducted points.

Inspectors make them on the phone, later claims, orders and activities do; whoever makes one, this feature checks it
and posts it when its scheme says so. Owns ``record`` and ``record_photo``.
"""
