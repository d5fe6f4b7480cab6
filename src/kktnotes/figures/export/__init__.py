"""A figure's data: read off its drawing, carried along with the picture, written to files."""
