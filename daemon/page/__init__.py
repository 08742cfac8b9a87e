"""What the daemon answers over HTTP; loaded only where something of it is switched on."""
