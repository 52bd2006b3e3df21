"""The three web front ends: `shared` is their common ground, each other one has its views and templates."""
