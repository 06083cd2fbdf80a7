"""The figures of the project, each a ratio taken in one run: ``make bench``, or ``python -m bench NAME``."""
