"""What follows from the environment where a setting is left empty."""

from __future__ import annotations

import pytest

from webapp.config import settings_from


@pytest.mark.parametrize(
    ("environ", "address"),
    [
        ({}, "http://127.0.0.1:8000"),
        ({"PORT": "8191"}, "http://127.0.0.1:8191"),
        ({"HOST": "192.168.1.20", "PORT": "80"}, "http://192.168.1.20:80"),
        ({"HOST": "0.0.0.0"}, "http://127.0.0.1:8000"),  # noqa: S104  # every interface is no address to print
        ({"HOST": "::", "PORT": "8191"}, "http://127.0.0.1:8191"),
        ({"HOST": "fd00::20"}, "http://[fd00::20]:8000"),
        ({"PORT": "8191", "BASE_URL": "https://jifen.example.cn"}, "https://jifen.example.cn"),
    ],
)
def test_codes_lead_where_the_server_listens_unless_told_otherwise(environ, address):
    assert settings_from(environ)["BASE_URL"] == address
