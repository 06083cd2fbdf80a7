"""What changes in users: ``signing_in``, ``staff`` logins, ``appointments``, ``pins`` of households, ``devices``."""
