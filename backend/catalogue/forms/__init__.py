"""Forms: in which order they are worked out, what an answer may be, what is kept of it."""
