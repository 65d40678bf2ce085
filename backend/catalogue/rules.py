"""Rules over the catalogue: which org a case goes to, which actions a flow offers."""

from collections.abc import Iterable

from backend.catalogue.flow import Action, Flow, State
from backend.catalogue.structs import DispatchRule


def recommend(rules: Iterable[DispatchRule], category: str, area_path: str) -> DispatchRule | None:
    """The dispatch matrix's word: the longest category prefix wins, then the deepest area."""
    codes = area_path.split("/")
    fitting = [
        (len(rule.category), codes.index(rule.area), rule)
        for rule in rules
        if category.startswith(rule.category) and rule.area in codes
    ]
    return max(fitting, key=lambda fit: fit[:2])[2] if fitting else None


def state_of(flow: Flow, code: str) -> State:
    """A state by its code; the import has checked that every named state exists."""
    return next(state for state in flow.states if state.code == code)


def action_of(flow: Flow, code: str) -> Action | None:
    """An action by its code."""
    return next((action for action in flow.actions if action.code == code), None)
