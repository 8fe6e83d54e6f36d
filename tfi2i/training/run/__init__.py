"""One run, from a recipe to its folder: prepared, trained, resumed, written down."""
