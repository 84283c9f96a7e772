"""The verbs of the command line, one module each: arguments in, an `Answer` out."""
