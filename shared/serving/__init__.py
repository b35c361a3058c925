"""What serves, as several services see it: the swap of the manifest, and what the instances report."""

from shared.serving.instances import FOLD, FoldedInstances, Instances, live
from shared.serving.swap import SwapManifest
