"""Messages by SMS, from a dossier event to its report. Knows no code of a counter."""
