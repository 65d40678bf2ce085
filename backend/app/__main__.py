"""`python -m backend.app`, how one process starts another."""

from backend.app.cli import main

main()
