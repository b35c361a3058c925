"""`sluice score`: a file of rows through the package that serves an endpoint now, here or by a job."""
