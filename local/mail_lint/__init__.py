"""The rules of mails, and a shop's mails held to them: `homing mails check`.

`mail_faults` holds one mail to all rules; `check_mails` renders a shop's mails with all that they may meet.
"""

from local.mail_lint.checking import Fault, check_mails, sample_data
from local.mail_lint.page import Page
from local.mail_lint.rules import GMAIL_CLIPS_AT, LONGEST_SUBJECT, mail_faults

__all__ = ["GMAIL_CLIPS_AT", "LONGEST_SUBJECT", "Fault", "Page", "check_mails", "mail_faults", "sample_data"]
