"""The plan and what is done with it: read, check, compile, simulate, report."""
