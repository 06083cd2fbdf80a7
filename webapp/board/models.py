"""Wall screens of stations."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.extensions import Model
from webapp.places.models import Station

#: Seconds that a page stays on the wall.
SECONDS = {10: "10 秒", 15: "15 秒", 20: "20 秒", 30: "30 秒", 60: "1 分钟"}


class Board(Model):
    """公示屏: one television of a station. ``code`` is the end of its address, ``seconds`` how long a page stays."""

    __tablename__ = "board"
    __table_args__ = (
        CheckConstraint(f"seconds IN ({', '.join(map(str, SECONDS))})", name="seconds"),
        Index("ix_board_station_id", "station_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    station_id: Mapped[int] = mapped_column(ForeignKey("station.id"))
    name: Mapped[str] = mapped_column(String(60))
    code: Mapped[str] = mapped_column(String(10), unique=True)
    seconds: Mapped[int] = mapped_column(default=15)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    station: Mapped[Station] = relationship()
