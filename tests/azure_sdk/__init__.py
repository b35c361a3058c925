"""Microsoft's own live tests of its SDKs (hubs, tables, blobs), unmodified, on local servers: `make test-azure-sdk`.

They come from the source distributions of the versions pinned here, hashes checked, and run in an environment of their
own under `.local/azure-sdk`, made when first needed. `plugin` is all that they see of us: names of Azure resolve to the
local servers, and what Microsoft's pipeline provides (hubs, credentials) is provided here.
"""
