"""Who may do what (岗位与权限): staff logins, appointments, households' PINs and their sign-ins on phones,
kiosk devices, throttled guesses.

Administrators and secretaries keep them. The one hook that checks every view's stated permission is installed here.
Owns ``user``, ``appointment``, ``sign_in``, ``resident_sign_in``, ``household_pin``, ``device``, ``pairing`` and
``failed_try``.
"""

from flask import Flask


def init_app(app: Flask) -> None:
    from webapp.users import gate

    gate.init_app(app)
