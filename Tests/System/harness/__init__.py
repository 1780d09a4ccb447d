"""What the system tests share; those in shell share `bundle.sh`."""
