"""Other engines on the same topic with the same job.

`quix`, `bytewax_` and `faust_` run in the peers' own environments and import nothing of ours but `job`.
"""
