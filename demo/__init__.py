"""`make demo`: Deployer at work on a small service that is really deployed. Nothing of Deployer imports this."""
