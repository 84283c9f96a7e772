"""Will this model transfer? Scores, records, predictors and a recommendation."""
