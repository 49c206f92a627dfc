"""A second chest phantom, written apart from `medview.phantom`, on which nodule detection is measured.

Nothing is shared with the generator that training uses: lungs are star-shaped bodies with harmonic
borders, vessels are random walkers and ridges of noise, noise has the spectrum of filtered back
projection with streaks, nodules are clumps of balls and cut stones. Training never imports this.
"""

from tests.phantom_second.generator import SecondNodule, SecondPhantom, second_chest

__all__ = ["SecondNodule", "SecondPhantom", "second_chest"]
