"""The only composition of the pure rooms: stage 1 (debtors) and stage 2 (entities)."""
