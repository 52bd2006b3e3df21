"""What every page stands on: layout, components, languages, formats, static files."""
