"""The outside world as duurloop meets it: straps, files, the database, messages, systemd."""
