"""Mails, looked at and checked before anybody gets them: `homing preview` and `homing mails check`."""
