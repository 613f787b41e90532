"""Small, nasty worlds: every event type, ties, conflicts, clock changes, garbage; and their comparison with replay."""
