"""The CyberTip format, as providers send it (XML) and as police units receive it (JSON): read, checked, mapped."""
