"""What all tests share: how hard the property-based ones search.

`--hypothesis-profile thorough` searches twenty times as long, for a night or before a release.
"""

from hypothesis import settings

settings.register_profile("default", max_examples=100, deadline=None)
settings.register_profile("thorough", max_examples=2000, deadline=None)
settings.load_profile("default")
