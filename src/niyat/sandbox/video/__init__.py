"""Stand-ins for the providers of video rooms. No video flows: a page shows who would be in the room."""
