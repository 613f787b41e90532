"""What happened: events as they come in, read and checked, as facts."""
