"""Why the program cannot go on, for whoever started it."""


class Halt(Exception):
    """One Chinese line: what is wrong and what to do. The command line prints it and exits 1."""
