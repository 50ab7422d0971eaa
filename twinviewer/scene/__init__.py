"""The picture without a screen toolkit: frozen scene states, the Stage that draws them, slices as RGB arrays."""
