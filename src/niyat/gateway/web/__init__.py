"""The three web front ends: `shared` is their common ground, each of the others has its views and templates."""
