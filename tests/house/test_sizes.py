"""Files and functions stay small enough to be read in one go."""

from statistics import median, quantiles

from tests.house.source import ROOT, AnyFunction, files, functions, place


def _lines_of_files() -> dict[str, int]:
    return {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in files()
    }


def _lines(function: AnyFunction) -> int:
    assert function.end_lineno
    return function.end_lineno - function.lineno + 1


def test_no_file_has_more_than_450_lines() -> None:
    assert not {name: lines for name, lines in _lines_of_files().items() if lines > 450}


def test_half_of_the_files_have_at_most_120_lines() -> None:
    assert median(_lines_of_files().values()) <= 120


def test_nine_of_ten_files_have_at_most_300_lines() -> None:
    assert quantiles(_lines_of_files().values(), n=10)[-1] <= 300


def test_no_function_has_more_than_60_lines() -> None:
    long = {
        f"{place(path, function)} {function.name}": _lines(function)
        for path in files()
        for function in functions(path)
        if _lines(function) > 60
    }
    assert not long


def test_half_of_the_functions_have_at_most_10_lines() -> None:
    assert median(_lines(function) for path in files() for function in functions(path)) <= 10
