"""What is kept over the years: copies of it, taking it along, and forgetting it."""
