"""The week: gathered from what is kept, drawn, written, and told as JSON."""
