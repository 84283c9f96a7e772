"""From a frame to a figure, and from a figure to a file. The only part that imports
plotly.
"""
