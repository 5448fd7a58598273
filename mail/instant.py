"""Points in time and lengths of time as whole microseconds, and the ways mail and the API write them."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_tz
from typing import TypeAlias

Instant: TypeAlias = int
"""Microseconds since 1970-01-01T00:00:00Z, in UTC."""

Duration: TypeAlias = int
"""A length of time in microseconds."""

SECOND: Duration = 1_000_000
MINUTE: Duration = 60 * SECOND
HOUR: Duration = 60 * MINUTE
DAY: Duration = 24 * HOUR
WEEK: Duration = 7 * DAY

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,18}))?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII
)
_DURATION = re.compile(
    r"(-?)P(?:(\d{1,6})W|(?:(\d{1,7})D)?(T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,12})(?:[.,](\d{1,6}))?S)?)?)",
    re.ASCII,
)


def to_datetime(instant: Instant) -> datetime:
    """Return the aware UTC datetime; raises ValueError outside the years 1 to 9999."""
    try:
        return _EPOCH + timedelta(microseconds=instant)
    except OverflowError as problem:
        raise ValueError("This instant is outside the years 1 to 9999.") from problem


def from_datetime(moment: datetime) -> Instant:
    """Return the instant of an aware datetime, exactly; raises ValueError for one without a zone."""
    if moment.tzinfo is None:
        raise ValueError("This time has no zone; give it one.")
    return (moment - _EPOCH) // timedelta(microseconds=1)


def to_rfc3339(instant: Instant) -> str:
    """Write an instant as RFC 3339 in UTC with `Z`, without trailing zeros in its fraction."""
    moment = to_datetime(instant)
    text = moment.replace(microsecond=0, tzinfo=None).isoformat()
    fraction = f".{moment.microsecond:06d}".rstrip("0") if moment.microsecond else ""
    return f"{text}{fraction}Z"


def from_rfc3339(text: str) -> Instant:
    """Read an RFC 3339 time, with any offset; digits beyond microseconds are cut. Raises ValueError."""
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError("Write a time as 2026-01-31T12:00:00Z.")
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    leap = second == 60  # RFC 3339 section 5.7
    try:
        moment = datetime(year, month, day, hour, minute, 59 if leap else second, tzinfo=UTC)
    except ValueError as problem:
        raise ValueError(f"There is no such time: {problem}.") from problem
    fraction = int((match[7] or "0")[:6].ljust(6, "0"))
    return from_datetime(moment) + (SECOND if leap else 0) + fraction - _offset(match[8], match[9], match[10])


def _offset(sign: str | None, hours: str | None, minutes: str | None) -> Duration:
    if sign is None or hours is None or minutes is None:
        return 0
    if int(hours) > 23 or int(minutes) > 59:
        raise ValueError("There is no such time zone offset.")
    offset = int(hours) * HOUR + int(minutes) * MINUTE
    return -offset if sign == "-" else offset


def to_date_field(instant: Instant) -> str:
    """Write an instant as the body of a Date field, in UTC (RFC 5322 section 3.3)."""
    moment = to_datetime(instant)
    day, month = _DAYS[moment.weekday()], _MONTHS[moment.month - 1]
    return f"{day}, {moment.day:02d} {month} {moment.year:04d} {moment:%H:%M:%S} +0000"


def shown_day(instant: Instant) -> str:
    """The day of an instant in UTC as people read it: 31 Jan 2026."""
    moment = to_datetime(instant)
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def parse_date_field(text: str) -> Instant | None:
    """Read the body of a Date field, also in obsolete forms; None when it says no time that exists."""
    try:
        parts = parsedate_tz(text[:200])
        if parts is None:
            return None
        year, month, day, hour, minute, second = parts[:6]
        leap = second == 60
        moment = datetime(year, month, day, hour, minute, 59 if leap else second, tzinfo=UTC)
        # Without a zone the time is taken for UTC, wherever this program runs.
        instant = from_datetime(moment) + (SECOND if leap else 0) - (parts[9] or 0) * SECOND
        to_datetime(instant)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return instant


def parse_duration(text: str) -> Duration:
    """Read an ISO 8601 duration of weeks, or days to seconds; months and years have no fixed length and are refused.

    Raises ValueError.
    """
    match = _DURATION.fullmatch(text)
    if match is None or text.endswith(("P", "T")):
        raise ValueError("Write a duration as P7D, PT90M or P1DT12H.")
    sign, weeks, days, _, hours, minutes, seconds, fraction = match.groups()
    length = (
        int(weeks or 0) * WEEK
        + int(days or 0) * DAY
        + int(hours or 0) * HOUR
        + int(minutes or 0) * MINUTE
        + int(seconds or 0) * SECOND
        + int((fraction or "0").ljust(6, "0"))
    )
    return -length if sign else length


def format_duration(duration: Duration) -> str:
    """Write a duration as ISO 8601 in days, hours, minutes and seconds; nothing at all is `PT0S`."""
    sign, rest = ("-" if duration < 0 else ""), abs(duration)
    days, rest = divmod(rest, DAY)
    hours, rest = divmod(rest, HOUR)
    minutes, rest = divmod(rest, MINUTE)
    seconds, micros = divmod(rest, SECOND)
    exact = f"{seconds}.{micros:06d}".rstrip("0") if micros else str(seconds)
    clock = "".join(f"{number}{unit}" for number, unit in ((hours, "H"), (minutes, "M")) if number)
    if seconds or micros:
        clock += f"{exact}S"
    if not days and not clock:
        return "PT0S"
    return f"{sign}P{f'{days}D' if days else ''}{f'T{clock}' if clock else ''}"
