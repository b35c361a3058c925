"""Every port on Azure: storage account, Event Hubs, Azure ML. What the SDKs raise becomes what the ports promise.

Import the adapters from their own modules: an app pays only for the SDKs that it uses.
"""
