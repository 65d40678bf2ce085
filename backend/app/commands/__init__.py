"""The commands of `xunge`: a module each, its click command named `command`.

Loaded only when called, so that each process starts with what it needs. A new one is a line here.
"""

COMMANDS = ("up", "web", "worker", "migrate", "import", "user", "audit", "epoch", "doctor")
