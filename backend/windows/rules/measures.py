"""What is counted. Each measure is told from a case's ledger lines by `reckoning`."""

from enum import IntEnum


class Measure(IntEnum):
    """A count by its code. Its number is what tables keep: never to be given to another."""

    reported = 1
    public_reported = 2
    valid_reported = 3
    missed = 4
    self_handled = 5
    accept_due = 6
    accepted = 7
    accepted_on_time = 8
    verify_due = 9
    verified_on_time = 10
    filed = 11
    file_due = 12
    filed_on_time = 13
    dispatch_due = 14
    dispatched = 15
    dispatched_on_time = 16
    dispatch_wrong = 17
    handle_due = 18
    handled = 19
    handled_on_time = 20
    handled_late = 21
    unhandled_late = 22
    reworked = 23
    shirked = 24
    extended = 25
    suspended = 26
    suspended_time = 27  # working minutes
    check_due = 28
    checked_on_time = 29
    check_failed_twice = 30
    close_due = 31
    closed = 32
    closed_on_time = 33
    close_due_closed = 34  # of close_due, those closed by period end
    call_back_due = 35
    called_back = 36
    satisfied = 37
    rated = 38
    suspended_now = 39  # suspensions that last: their time still grows


MEASURES = tuple(measure for measure in Measure if measure is not Measure.suspended_now)
"""What is tallied."""
DUE = frozenset(m for m in Measure if m.name.endswith("_due")) | {Measure.unhandled_late}
"""What may lie ahead: open duties whose limit has not come."""
