"""App Service authentication as an app sees it: a principal in headers that no caller can forge."""
