"""The dashboards, one declaration each."""

from deploy.grafana.boards import agent, compliance, overview, pipeline, queue, scores, site, team

BOARDS = tuple(each.BOARD for each in (overview, site, team, agent, queue, compliance, scores, pipeline))
"""In the order in which people read them: from all to one, then what stands behind."""
