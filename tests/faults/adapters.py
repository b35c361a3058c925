"""The adapters that control takes, by the name of their port in a plan."""

AZURE = "shared.adapters.azure"
STORAGE = f"{AZURE}.storage"
# Module, and the class or the function that makes it.
ADAPTERS = {
    "approvals": (f"{STORAGE}.approvals", "TableApprovals"),
    "batch_files": (f"{STORAGE}.batch_files", "BlobBatchFiles"),
    "brakes": (f"{STORAGE}.brakes", "TableBrakes"),
    "captures": (f"{STORAGE}.captures", "BlobCaptures"),
    "deadlines": (f"{STORAGE}.deadlines", "TableDeadlines"),
    "evidence": (f"{STORAGE}.evidence", "BlobEvidence"),
    "folds": (f"{STORAGE}.folds", "TableFolds"),
    "hub_reader": (f"{AZURE}.event_hubs.reader", "EventHubReader"),
    "jobs": (f"{AZURE}.machine_learning.jobs", "AzureMLJobs"),
    "ledger": (f"{STORAGE}.ledger", "TableLedger"),
    "letter_book": (f"{STORAGE}.letter_book", "TableLetterBook"),
    "manifests": (f"{STORAGE}.serving", "BlobServingManifests"),
    "models": (f"{AZURE}.machine_learning.models", "AzureMLModels"),
    "notifier": ("shared.adapters.notify.notifiers", "notifier"),
    "packages": (f"{STORAGE}.model_packages", "BlobModelPackages"),
    "policy_book": (f"{STORAGE}.policy_book", "TablePolicyBook"),
    "positions": (f"{STORAGE}.positions", "TablePositions"),
    "publisher": (f"{AZURE}.event_hubs.publisher", "EventHubPublisher"),
    "seals": (f"{STORAGE}.seals", "BlobSeals"),
}
