"""The rules of a case, as pure functions: reporting, acting, clocks, what is like what."""
