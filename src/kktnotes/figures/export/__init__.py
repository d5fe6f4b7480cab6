"""A figure's data: read off its drawing, and carried along in the output beside the picture."""
