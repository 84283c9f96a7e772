"""torchvision's published weights, three ways into one schema: the installed package,
the documentation page, and (in core.tables.drift) the difference between the two.
"""
