"""Flask's side: access statements, the request's one transaction, rendering, errors, forms, headers."""
