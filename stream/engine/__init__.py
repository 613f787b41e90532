"""The only composition of the pure parts: facts to deltas (stage 1), deltas to published numbers (stage 2)."""
