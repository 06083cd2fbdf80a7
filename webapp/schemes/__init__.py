"""Points schemes and their rules (积分办法与细则), kept as data: a new scheme needs no code.

Secretaries and county officers write them; records are judged by them. A change of a rule makes a new version.
Owns ``scheme``, ``category``, ``rule`` and ``rule_version``.
"""
