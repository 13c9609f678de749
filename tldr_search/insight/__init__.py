"""What was removed: seen on the frames of clips, and in what the unreduced model attends to."""
