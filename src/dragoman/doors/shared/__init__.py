"""What several doors are built on. Knows no door."""
