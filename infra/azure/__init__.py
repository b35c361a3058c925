"""The same system on Azure: Bicep templates, and what deploys them."""
