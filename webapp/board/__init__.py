"""The wall screen (公示屏): a station's television shows the newest publication, page after page, by itself.

A browser opens one address, ``/board/<code>``, and is left alone for weeks. The address is all it has: many of these
browsers forget their cookies with the power, so a pairing as the kiosk's would not last, and what the address opens is what
hangs on the notice board and behind ``/p/<token>`` anyway, names masked. The code is short and without look-alikes, because
somebody types it with a remote control; the desk revokes it or makes a new one at any time.
Owns ``board``.
"""
