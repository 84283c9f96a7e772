"""Predictors of the accuracies that nobody measured: one kind a module."""
