"""duurloop's own daemon: the domain at the centre, the shell around it, the wiring at the rim."""
