"""A small real family of models, trained on this machine, so that the first start shows
something true. Needs no network.
"""

from core.demo.build import build_demo, demo_bases, is_built

__all__ = ["build_demo", "demo_bases", "is_built"]
