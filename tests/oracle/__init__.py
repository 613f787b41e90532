"""A second reading of the contract and the semantics: plain Python, whole sets, no increments.

Nothing here imports the product. The oracle is slow on purpose: each function follows one paragraph of the text.
`sql.py` and `queries/` are a third reading, in SQL, of the numbers (not of the alerts).
`READINGS.md` beside this file lists the places where the text leaves a choice, and the choice taken.
"""
