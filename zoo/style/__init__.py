"""The variants that move style: of pictures, by optimisation or in one pass, and of sound."""
