"""Mergeable profiles of columns: what a model was trained on, what it sees now, and how far apart they are."""

from shared.profiles.categorical import CategoricalCounts, CategoricalReference
from shared.profiles.distance import js_distance, psi, psi_without_change
from shared.profiles.measure import Drift, Quality, measure, quality
from shared.profiles.numeric import NumericCounts, NumericReference
from shared.profiles.profile import Profile
from shared.profiles.reference import Column, Kind, Reference, buckets_of, column_from, column_of
