"""A second reading of the contract and the semantics: plain Python, whole sets, no increments.

Nothing here imports the product. The oracle is slow on purpose: each function follows one paragraph of the text.
`READINGS.md` beside this file lists the places where the text leaves a choice, and the choice taken.
"""
