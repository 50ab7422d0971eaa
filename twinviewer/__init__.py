"""Twinviewer: from DICOM images to a patient's own beating heart, and what a simulated therapy would change.

Research software. Every outcome is a simulated scenario, never a recommendation.
"""

__version__ = "0.1.0"
