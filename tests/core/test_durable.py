"""Files that outlast a power cut. What a disk keeps of them is tried in ``tests/faults/test_powercut.py``."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import pytest

from webapp import config, durable


def test_a_file_is_written_whole_and_replaced_whole(tmp_path: Path):
    durable.write(tmp_path / "kept", b"one")
    durable.write(tmp_path / "kept", b"two", mode=0o600)

    assert (tmp_path / "kept").read_bytes() == b"two"
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    assert (tmp_path / "kept").stat().st_mode & 0o777 == 0o600


def test_a_file_that_must_not_be_replaced_stays(tmp_path: Path):
    durable.write(tmp_path / "kept", b"one", replace=False)

    with pytest.raises(FileExistsError):
        durable.write(tmp_path / "kept", b"two", replace=False)

    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("kept", b"one")]


def test_a_write_that_fails_leaves_nothing(tmp_path: Path):
    with (
        patch("os.fsync", side_effect=OSError("No space left on device")),
        pytest.raises(OSError, match="No space"),
    ):
        durable.write(tmp_path / "kept", b"one")

    assert list(tmp_path.iterdir()) == []


def test_the_installations_key_is_made_once_and_an_empty_file_is_no_key(tmp_path: Path):
    file = tmp_path / "var" / "secret.key"
    key = config._kept_secret(file)

    assert len(key) > 40
    assert config._kept_secret(file) == key
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_text("")
    with pytest.raises(RuntimeError, match="is empty"):
        config._kept_secret(file)
