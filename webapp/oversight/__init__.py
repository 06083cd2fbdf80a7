"""Oversight (总览): today's page of the desk, and what keeps the book safe: backups that are proven when they are made.

Secretaries and clerks open the desk here; whoever runs the machine uses the commands. Owns no table.
"""
