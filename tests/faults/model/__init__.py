"""The town beside a plain one in Python: whatever is done in whatever order, both say the same (``test_model``)."""
