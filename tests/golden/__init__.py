"""State as every version of the product wrote it, and what it means (`python -m tests.golden`)."""
