"""What can be done, one capability per file. What touches a doctor's time takes the doctor's lock first."""
