"""`python -m bifurque` is the command line."""

from bifurque.engine.cli import main

main()
