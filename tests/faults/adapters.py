"""The adapters that control takes, by the name of their port in a plan."""

AZURE = "shared.adapters.azure"
# Module, and the class or the function that makes it.
ADAPTERS = {
    "approvals": (f"{AZURE}.approvals", "TableApprovals"),
    "batch_files": ("shared.adapters.azure.storage.batch_files", "BlobBatchFiles"),
    "brakes": (f"{AZURE}.brakes", "TableBrakes"),
    "captures": (f"{AZURE}.captures", "BlobCaptures"),
    "deadlines": (f"{AZURE}.deadlines", "TableDeadlines"),
    "evidence": (f"{AZURE}.evidence", "BlobEvidence"),
    "folds": (f"{AZURE}.folds", "TableFolds"),
    "hub_reader": (f"{AZURE}.hub_reader", "EventHubReader"),
    "jobs": (f"{AZURE}.ml_jobs", "AzureMLJobs"),
    "ledger": (f"{AZURE}.ledger", "TableLedger"),
    "letter_bodies": ("shared.adapters.azure.storage.letter_bodies", "BlobLetterBodies"),
    "letter_book": (f"{AZURE}.letter_book", "TableLetterBook"),
    "manifests": (f"{AZURE}.serving", "BlobServingManifests"),
    "models": (f"{AZURE}.ml_models", "AzureMLModels"),
    "notifier": ("shared.adapters.notify.notifiers", "notifier"),
    "packages": (f"{AZURE}.model_packages", "BlobModelPackages"),
    "policy_book": (f"{AZURE}.policy_book", "TablePolicyBook"),
    "positions": (f"{AZURE}.positions", "TablePositions"),
    "publisher": (f"{AZURE}.event_publisher", "EventHubPublisher"),
    "seals": (f"{AZURE}.seals", "BlobSeals"),
}
