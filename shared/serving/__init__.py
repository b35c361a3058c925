"""What serves, as promotion and rollback both see it: the swap of the manifest, and what the instances report."""

from shared.serving.instances import REPORTS, Instance, Instances, fold_reports, live
from shared.serving.swap import SwapManifest
