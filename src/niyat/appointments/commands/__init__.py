"""What can be done, one capability per file. Every command that touches time takes the doctor's lock first."""
