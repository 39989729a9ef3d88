"""File names say what is inside and are safe wherever they land."""

from __future__ import annotations

from datetime import UTC, datetime

from exports.names import disposition, file_name

AT = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)


def test_a_name_says_board_widget_range_and_moment_in_venue_time() -> None:
    name = file_name(["Finance", "Revenue by day", "last 30 days"], AT, "Europe/London", "csv")

    assert name == "housecount-finance-revenue-by-day-last-30-days-20260701-2330.csv"


def test_nothing_in_a_name_is_a_path_a_command_or_a_trick() -> None:
    name = file_name(["../../etc/passwd", 'a\r\nX: y"; rm -rf /', "\u202egnp.exe"], AT, "UTC", "pdf")

    assert name == "housecount-etc-passwd-a-x-y-rm-rf-gnp-exe-20260701-2230.pdf"


def test_names_keep_every_script_and_fit_into_a_file_system() -> None:
    name = file_name(["東京ドーム" * 50, "x" * 300], AT, "Asia/Tokyo", "xlsx")

    assert name.startswith("housecount-東京ドーム")
    assert name.endswith("-20260702-0730.xlsx")
    assert len(name.encode()) <= 180


def test_a_name_of_nothing_is_still_a_name() -> None:
    assert file_name(["", "🎟"], AT, "", "csv") == "housecount-20260701-2230.csv"


def test_the_header_has_a_plain_name_and_the_real_one() -> None:
    assert disposition("housecount-café-東京.csv") == (
        'attachment; filename="housecount-cafe-.csv";'
        " filename*=UTF-8''housecount-caf%C3%A9-%E6%9D%B1%E4%BA%AC.csv"
    )
