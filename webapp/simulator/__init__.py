"""Trying out rules before the vote (规则试算): a draft of a scheme's rules, the last months judged by it, and its adoption.

Whoever keeps a scheme writes down in a draft what shall change; others look at it. The last one to three months of the
book are judged by the draft: who gains, who loses, how much in all. Nothing changes until the draft is adopted: then
its rules become new versions from a day on, all or none. Owns ``rule_draft`` and ``rule_draft_line``.
"""
