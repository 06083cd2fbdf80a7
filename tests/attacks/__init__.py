"""What people do to it: access, guesses, forged and hostile input. ``python -m tests.faults NAME`` runs one."""
