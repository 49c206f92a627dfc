"""The local study database, the journal of marks and the audit trail."""
