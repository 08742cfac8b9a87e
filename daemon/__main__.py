"""`python -P -m daemon`, for development; everybody else has the command `duurloop`."""

from daemon.cli import main

main()
