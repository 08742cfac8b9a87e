"""Setting up: what is asked, in what words, and what follows from the answers. `daemon.cli.setup` is the command."""
