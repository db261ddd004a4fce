"""The door in the shape of NCMEC's CyberTipline Reporting API: a provider that reports there needs no new code."""
