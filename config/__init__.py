"""What the runner may set, and how a settings file becomes values."""
