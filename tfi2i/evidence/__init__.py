"""What is known of a variant, and how: measured runs, results, cards and comparisons."""
