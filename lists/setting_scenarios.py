"""Scenario names in settings: those that the server ships, and those that the site, a domain or a list has written."""

from collections.abc import Mapping
from typing import Any

from lists.settings import SETTINGS, BadSetting, Setting
from scenarios.library import is_name, shipped_names
from storage import scenario_texts
from storage.database import Reader


async def require_scenarios(
    reader: Reader,
    values: Mapping[str, Any],
    *,
    robot_id: int,
    list_id: int | None = None,
    settings: Mapping[str, Setting] = SETTINGS,
) -> None:
    """Raises BadSetting for a scenario name that neither the server ships nor the site, robot or list has written."""
    wanted = {name: value for name, value in values.items() if settings[name].is_scenario}
    unknown = {name: value for name, value in wanted.items() if not is_name(name, value)}
    if not unknown:
        return
    written = {
        (operation, name)
        for operation, name, in_robot, in_list in await scenario_texts.written_names(
            reader, sorted(set(unknown.values()))
        )
        if in_robot in (None, robot_id) and in_list in (None, list_id)
    }
    for name, value in unknown.items():
        if (name, value) not in written:
            known = ", ".join(shipped_names(name))
            raise BadSetting(
                f"The setting {name} takes the name of a scenario: {known}, or one of your own; not {value!r}.",
                path=(name,),
            )
