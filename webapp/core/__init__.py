"""Rules without a web server: errors, time, points, text, signing, sheets, pictures. Imports no Flask."""
