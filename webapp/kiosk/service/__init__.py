"""What changes at a kiosk: ``visits`` begin and end, ``slips`` are kept as printed."""
