"""Every permission a role may hold. Flows and handlers name these, never roles."""

PERMISSIONS = frozenset(
    {
        "case.report",
        "case.register",
        "case.accept",
        "case.verify",
        "case.file",
        "case.dispatch",
        "case.handle",
        "case.check",
        "case.close",
        "case.void",
        "case.archive",
        "case.browse",
        "task.answer",
        "media.original",
        "person.unmask",
        "admin.system",
        "admin.security",
        "admin.audit",
    }
)
