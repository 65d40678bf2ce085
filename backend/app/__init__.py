"""The processes: web, worker and the command line."""

from pathlib import Path

BUILT_APP = Path(__file__).parents[2] / "pwa" / "dist"
"""Where the built app is, when it is built."""
