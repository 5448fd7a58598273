"""Dates and durations as scenarios write them, in seconds since 1970."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

YEAR = 365 * 86_400
_DAY = 86_400
_EXECUTION = "execution_date"
_EPOCH = re.compile(r"[0-9]{1,18}\Z")
_WHOLE = re.compile(r"(.+)([+\-])(.+)\Z", re.DOTALL)
_DATE = re.compile(
    r"([0-9]{4})y(?:([0-9]+)m(?!in))?(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)min)?(?:([0-9]+)sec)?\Z"
)
_DURATION = re.compile(
    r"(?:([0-9]+)y)?(?:([0-9]+)m)?(?:([0-9]+)w)?(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)min)?(?:([0-9]+)sec)?\Z",
    re.IGNORECASE,
)
_UNITS = (7 * _DAY, _DAY, 3_600, 60, 1)
_MONTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31) * 2
_LONGEST = 100
_LONGEST_DIGITS = 12


def seconds_of(written: str, now: int, current: int) -> int:
    """The moment that a text names.

    A date is a number of seconds, `execution_date` (which is `now`), or `YYYYy[Mm][Dd][Hh][MINmin][SECsec]` in UTC, with a
    duration after `+` or `-` if wanted. What cannot be read is `current`, as scenarios rely on; a date that no calendar
    has raises ValueError.
    """
    parts = _WHOLE.match(written) if len(written) <= _LONGEST else None
    if parts is None:
        return _moment(written, now, current)
    start = _moment(parts[1], now, current)
    length = _length(parts[3], start)
    return start + length if parts[2] == "+" else start - length


def _moment(written: str, now: int, current: int) -> int:
    if _EPOCH.match(written):
        return int(written)
    if written.lower() == _EXECUTION:
        return now
    date = _DATE.match(written)
    return current if date is None else _calendar(date, current)


def _calendar(date: re.Match[str], current: int) -> int:
    year, month, day, hour, minute, second = (int((part or "0")[:_LONGEST_DIGITS]) for part in date.groups())
    at = datetime(_real_year(year, current), month or 1, day or 1, hour, minute, second, tzinfo=UTC)
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)


def _real_year(written: int, current: int) -> int:
    """The year meant: those of the last century that are further away than fifty years belong to this one."""
    since = written - 1900
    if since >= 1000:
        return since
    if not 0 <= since < 100:
        return written
    this = datetime.fromtimestamp(current, UTC).year
    turn = (this + 50) % 100
    century = this - this % 100 + (100 if turn < 50 else 0)
    return since + (century - 100 if since > turn else century)


def _length(written: str, start: int) -> int:
    """A duration in seconds: a year has 365 days, a month those of the month that is counted on from `start`."""
    match = _DURATION.search(written)
    counts = [int((part or "0")[:_LONGEST_DIGITS]) for part in match.groups()] if match else [0] * 7
    years, months, *others = counts
    first = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=start)).month - 1
    days = sum(_MONTHS[first : first + months])
    return years * YEAR + days * _DAY + sum(count * unit for count, unit in zip(others, _UNITS, strict=True))
